/** The few signs of conversations and answers, drawn in the colour of their text. */

import { svg } from "../dom.js";

const PATHS = {
  pin: "M9 2h6l-1 6 4 4v2h-5v7l-1 1-1-1v-7H6v-2l4-4z",
  rename: "M4 16.500 15.500 5l3.500 3.500L7.500 20H4zM17 3.500l3.500 3.500",
  up: "M7 21H3V10h4zm0-11 4-8q3 0 2.500 3.500L13 9h6q2 0 1.700 2l-1.500 8q-.4 2-2.400 2H7",
};

/** @param {keyof typeof PATHS} name */
export const icon = (name) => svg("svg", { class: `icon ${name}`, viewBox: "0 0 24 24", width: 16, height: 16, "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));

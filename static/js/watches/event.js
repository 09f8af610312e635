/** One event: what was seen and when, its picture on request, and whether it was right. */

import { call, picture } from "../api.js";
import { el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { time } from "../times.js";
import { certainty, cost, headline, isFault } from "./words.js";

/** @type {Map<number, string>} pictures that were fetched for this page, by event */
const pictures = new Map();

/** @param {any} event @param {any} watch its watch, or undefined @param {(text: string) => void} trouble */
export function card(event, watch, trouble) {
  const kind = isFault(event) ? "fault" : event.check === "dismissed" ? "dismissed" : "";
  return el("li", { class: `event ${kind}`, id: `event-${event.id}`, tabindex: "-1" },
    event.has_snapshot ? frame(event, trouble) : el("div", { class: "picture hint" }, gettext("no picture")),
    el("div", { class: "body" },
      el("h3", {}, headline(event)),
      el("p", { class: "hint" }, time(event.at, "second"), event.kind === "raised" && [event.ended ? [" – ", time(event.ended, "second")] : el("span", { class: "lasting" }, ` · ${gettext("still there")}`)]),
      event.caption && el("p", {}, event.caption),
      certainty(event) && el("p", {}, certainty(event)),
      event.dropped ? el("p", { class: "hint" }, gettext("%(count)s earlier events were lost while the server was away.", { count: event.dropped })) : null,
      cost(event.receipt) && el("p", { class: "hint" }, cost(event.receipt)),
      event.kind === "raised" && event.has_snapshot && verdict(event, watch, trouble)));
}

function frame(event, trouble) {
  const place = el("div", { class: "picture" });
  const show = (url) => place.replaceChildren(el("img", { src: url, alt: event.caption || headline(event) }));
  const known = pictures.get(event.id);
  if (known) show(known);
  else place.append(el("button", { type: "button", class: "small", "aria-label": gettext("Show the picture of: %(what)s", { what: headline(event) }), onclick: async (click) => {
    click.currentTarget.disabled = true;
    try {
      pictures.set(event.id, await picture(`/api/v1/watches/events/${event.id}/picture`));
      show(pictures.get(event.id));
    } catch (error) {
      place.querySelector("button").disabled = false;
      trouble(sentence(error));
    }
  } }, gettext("Show")));
  return place;
}

/** Right and wrong: either makes the picture a labelled photo on its device. */
function verdict(event, watch, trouble) {
  const thing = watch?.settings.looks_for || event.seen;
  const send = async (label) => {
    try {
      await call("POST", `/api/v1/watches/events/${event.id}/label`, { label });
    } catch (error) {
      trouble(sentence(error));
    }
  };
  if (event.label) return el("p", { class: "hint" }, gettext("Labelled “%(label)s” on the device, for its next training.", { label: event.label }));
  const input = el("input", { value: gettext("no %(thing)s", { thing }), maxlength: 60, "aria-label": gettext("What the picture shows") });
  const form = el("form", { hidden: true, onsubmit: (submit) => { submit.preventDefault(); send(input.value); } }, input, el("button", { class: "small" }, gettext("Label it")));
  return [
    el("div", { class: "row" },
      thing && el("button", { type: "button", class: "small", onclick: () => send(thing) }, gettext("Right")),
      el("button", { type: "button", class: "small", onclick: () => { form.hidden = false; input.focus(); input.select(); } }, gettext("Wrong"))),
    form,
  ];
}

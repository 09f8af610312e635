/**
 * Names and labels of tasks, certainties, routes, policies, sensors, node states, client states, run states and codecs: data that the server
 * sends with every page (webapp/page_data.py), so that no script repeats them.
 *
 * @typedef {{name: string, label: string, explanation?: string, place?: string, shows_question?: boolean,
 *   shows_guesses?: boolean, highlights?: boolean, confidence?: string}} Label
 * @typedef {{name: string, label: string, unit: string, divisor: number, digits: number, whole: string, source: string,
 *   chart: string, maximum: ?number}} Sensor
 * @typedef {"tasks" | "certainties" | "routes" | "policies" | "node_states" | "client_states" | "run_states" | "codecs"} Kind
 */

/** @type {Record<Kind, Label[]> & {sensors: Sensor[]}} */
const DATA = JSON.parse(document.getElementById("labels")?.textContent ?? "{}");

/** All of a kind, in the order of a form. @param {Kind} kind */
export const labels = (kind) => DATA[kind] ?? [];

/** @type {Sensor[]} */
export const SENSORS = DATA.sensors ?? [];

/** One entry; a value that this page does not know is shown by its own name. @param {Kind} kind @param {string} name @returns {Label} */
export const entry = (kind, name) => labels(kind).find((row) => row.name === name) ?? { name, label: name };

/** @param {Kind} kind @param {string} name */
export const label = (kind, name) => entry(kind, name).label;

/** Moments in the viewer's own time zone, which the title names. The server writes them in UTC. */

import { el } from "./dom.js";
import { LANGUAGE, gettext } from "./i18n.js";

/** @type {Record<string, Intl.DateTimeFormatOptions>} */
const SHOWN = {
  day: { day: "numeric", month: "short", year: "numeric" },
  minute: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" },
  second: { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
};

/** @param {string} iso @param {string} [shown] "day", "minute" or "second" */
export const timeWords = (iso, shown = "minute") => new Date(iso).toLocaleString(LANGUAGE, SHOWN[shown] ?? SHOWN.minute);

/** To the second, with the name of the zone. @param {string} iso */
export const timeTitle = (iso) => new Date(iso).toLocaleString(LANGUAGE, { dateStyle: "long", timeStyle: "full" });

/** The viewer's zone in short: "CET", "GMT+2". */
export function zone() {
  const parts = new Intl.DateTimeFormat(LANGUAGE, { timeZoneName: "short" }).formatToParts(new Date());
  return parts.find(({ type }) => type === "timeZoneName")?.value ?? gettext("local time");
}

/** @param {string} iso @param {string} [shown] @returns {HTMLTimeElement} */
export const time = (iso, shown) => el("time", { datetime: iso, title: timeTitle(iso) }, timeWords(iso, shown));

/** The moment in which a day, or the day after it, begins; "" for none. @param {string} day as a date field has it @param {number} later */
export function midnight(day, later) {
  const [year, month, date] = day.split("-").map(Number);
  const moment = new Date(year, month - 1, date + later);
  return day && !Number.isNaN(moment.getTime()) ? moment.toISOString() : "";
}

/** Every moment that the server has written into the page. */
export function showTimes() {
  for (const moment of document.querySelectorAll("time[datetime]")) {
    const iso = moment.getAttribute("datetime") ?? "";
    if (Number.isNaN(Date.parse(iso))) continue;
    moment.textContent = timeWords(iso, moment.getAttribute("data-shown") ?? "minute");
    moment.setAttribute("title", timeTitle(iso));
  }
}

showTimes();
for (const place of document.querySelectorAll("[data-zone]")) place.textContent = gettext("times: %(zone)s", { zone: zone() });

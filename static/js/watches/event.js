/** One event: what was seen and when, its picture on request, and whether it was right. */

import { call, picture } from "../api.js";
import { el, sentence } from "../dom.js";
import { gettext } from "../i18n.js";
import { time } from "../times.js";
import { certainty, dropped, headline, isFault, lasted, numbers, sent } from "./words.js";

/** @type {Map<number, string>} pictures that were fetched for this page, by event */
const pictures = new Map();

/** @param {any} event @param {any} watch its watch, or null @param {(text: string | null) => void} trouble */
export function card(event, watch, trouble) {
  const kind = isFault(event) ? "fault" : event.check === "dismissed" ? "dismissed" : event.kind === "raised" && !event.ended ? "lasting" : "";
  return el("li", { class: `event ${kind}`, id: `event-${event.id}`, tabindex: "-1" },
    event.kind === "raised" ? frame(event, trouble) : null,
    el("div", { class: "body" },
      el("h3", {}, headline(event)),
      el("p", { class: "hint" }, el("span", {}, time(event.at, "second")), event.kind === "raised" && duration(event)),
      event.caption && el("p", { class: "caption" }, event.caption),
      certainty(event) && el("p", {}, certainty(event)),
      event.dropped ? el("p", { class: "hint" }, dropped(event.dropped)) : null,
      event.kind === "raised" && receipt(event),
      event.kind === "raised" && event.has_snapshot && verdict(event, watch, trouble),
      event.kind === "raised" && event.has_snapshot && keeping(event, trouble)));
}

/** The device drops its oldest pictures; a photo of the library stays. */
function keeping(event, trouble) {
  if (event.photo) return el("p", { class: "hint" }, gettext("The picture is in your library."), " ", el("a", { href: "/library/" }, gettext("Library")));
  const button = el("button", { type: "button", class: "small", "aria-label": gettext("Keep the picture of: %(what)s", { what: headline(event) }), onclick: async () => {
    button.disabled = true;
    trouble(null);
    try {
      await call("POST", `/api/v1/watches/events/${event.id}/keep`); // the card is drawn anew by the event that follows
    } catch (error) {
      button.disabled = false;
      trouble(sentence(error));
    }
  } }, gettext("Keep in the library"));
  return el("div", { class: "row" }, button);
}

const duration = (event) => event.ended
  ? el("span", {}, gettext("for %(time)s", { time: lasted(event.at, event.ended) }))
  : el("span", { class: "still" }, gettext("still there"));

function receipt(event) {
  const sure = event.confidence === null ? null : gettext("%(percent)s sure.", { percent: `${Math.min(99, Math.round(100 * event.confidence))} %` });
  return el("details", { class: "receipt-of" },
    el("summary", {}, [sure, sent(event.receipt)].filter(Boolean).join(" ")),
    el("p", { class: "hint" }, gettext("Since the event before:")), numbers(event.receipt));
}

function frame(event, trouble) {
  const place = el("div", { class: "picture" });
  if (!event.has_snapshot) {
    place.append(el("span", { class: "hint" }, gettext("no picture")));
    return place;
  }
  const image = (url) => el("img", { src: url, alt: event.caption || headline(event) });
  const known = pictures.get(event.id);
  if (known) place.replaceChildren(image(known));
  else place.append(el("button", { type: "button", class: "small", "aria-label": gettext("Show the picture of: %(what)s", { what: headline(event) }), onclick: async (click) => {
    click.currentTarget.disabled = true;
    trouble(null);
    try {
      const url = await picture(`/api/v1/watches/events/${event.id}/picture`);
      pictures.set(event.id, url);
      // The card may have been drawn anew while the picture came from the device.
      (document.querySelector(`#event-${event.id} .picture`) ?? place).replaceChildren(image(url));
    } catch (error) {
      for (const button of controls(place)) button.disabled = false;
      trouble(sentence(error));
    }
  } }, gettext("Show")));
  return place;
}

/** @param {Element} place @returns {any[]} */
const controls = (place) => [...place.querySelectorAll("button, input")];

/** What a picture shows that does not show the thing: of a model that was trained, one of its other classes. @param {string} thing @param {string[]} others */
function suggestion(thing, others) {
  if (others.length === 0) return thing && gettext("no %(thing)s", { thing });
  return others.length === 1 ? others[0] : "";
}

/** Right and wrong: either makes the picture a labelled photo on its device. */
function verdict(event, watch, trouble) {
  const thing = watch?.settings.looks_for || "", others = (watch?.classes ?? []).filter((name) => name !== thing), place = el("div", { class: "verdict" });
  const send = async (label) => {
    trouble(null);
    for (const control of controls(place)) control.disabled = true;
    try {
      await call("POST", `/api/v1/watches/events/${event.id}/label`, { label });
    } catch (error) {
      trouble(sentence(error));
      for (const control of controls(place)) control.disabled = false;
    }
  };
  const choose = () => place.replaceChildren(
    el("div", { class: "row" },
      thing && el("button", { type: "button", class: "small", onclick: () => send(thing) }, gettext("Right")),
      el("button", { type: "button", class: "small", onclick: correct }, gettext("Wrong"))));
  const correct = () => {
    const input = el("input", { value: suggestion(thing, others), maxlength: 60, required: true, list: `labels-${event.id}`, autocomplete: "off", "aria-label": gettext("What the picture shows") });
    place.replaceChildren(
      el("form", { class: "row", onsubmit: (submit) => { submit.preventDefault(); send(input.value); } },
        input, el("datalist", { id: `labels-${event.id}` }, others.map((name) => el("option", { value: name }))), el("button", { class: "small" }, gettext("Label it")), el("button", { type: "button", class: "small", onclick: choose }, gettext("Cancel"))),
      el("p", { class: "hint" }, gettext("The picture becomes a labelled photo on the device, for its next training run."),
        others.length > 0 && " ", others.length > 0 && gettext("The model tells these apart: %(classes)s. Another name becomes a class of the next run.", { classes: [thing, ...others].join(", ") })));
    input.focus();
    input.select();
  };
  if (!event.label) {
    choose();
    return place;
  }
  place.append(el("p", { class: "hint" }, gettext("Labelled “%(label)s” on the device, for its next training run.", { label: event.label }), " ",
    el("button", { type: "button", class: "small", onclick: correct }, gettext("Change"))));
  return place;
}

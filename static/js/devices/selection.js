/**
 * Several nodes at once: which are chosen, what can be done with them, and a question before it is.
 *
 * @typedef {{name: string, label: string, consequence: string, takes_tag: boolean, ends_access: boolean}} Action
 * @typedef {{node: string, message: string, next: string}} Refusal
 */

import { call } from "../api.js";
import { byId, el, sentence } from "../dom.js";
import { gettext, ngettext } from "../i18n.js";

const NAMED = 12; // that the question lists before it says how many more there are

export class Selection {
  /** @param {Action[]} actions @param {number} most nodes of one request @param {import("./fleet.js").Fleet} fleet @param {() => void} onDone */
  constructor(actions, most, fleet, onDone) {
    this.actions = actions;
    this.most = most;
    this.fleet = fleet;
    this.onDone = onDone;
    /** @type {Set<string>} */
    this.chosen = new Set();
    this.place = byId("selection");
    this.dialog = byId("bulk-dialog");
    this.outcome = byId("outcome");
  }

  /** A box by which a node is chosen. @param {string} slug */
  box(slug) {
    const box = el("input", { type: "checkbox", class: "choose", "data-choose": slug, "aria-label": gettext("Choose %(node)s", { node: slug }), checked: this.chosen.has(slug) });
    box.addEventListener("change", () => {
      if (box.checked) this.chosen.add(slug);
      else this.chosen.delete(slug);
      this.draw();
    });
    return box;
  }

  /** @param {Iterable<string>} slugs */
  replace(slugs) {
    this.chosen = new Set(slugs);
    for (const box of document.querySelectorAll("[data-choose]")) if (box instanceof HTMLInputElement) box.checked = this.chosen.has(box.dataset.choose ?? "");
    this.draw();
  }

  draw() {
    const count = this.chosen.size, { found, nodes } = this.fleet.listing;
    this.place.hidden = count === 0;
    if (!count) return;
    const here = nodes.map((node) => node.slug), button = (/** @type {string} */ text, /** @type {() => void} */ onclick, kind = "") => el("button", { type: "button", class: `small ${kind}`, onclick }, text);
    this.place.replaceChildren(
      el("b", {}, ngettext("%(count)s device chosen", "%(count)s devices chosen", count)),
      el("div", { class: "row" },
        here.some((slug) => !this.chosen.has(slug)) && button(gettext("Choose this page"), () => this.replace([...this.chosen, ...here])),
        found > here.length && count < found && button(gettext("Choose all %(count)s found", { count: found }), () => this.all()),
        button(gettext("Choose none"), () => this.replace([]))),
      el("div", { class: "row" }, this.actions.map((action) => button(action.label, () => this.ask(action), action.ends_access ? "danger" : ""))));
  }

  async all() {
    try {
      this.replace(await this.fleet.matching());
    } catch (error) {
      this.say([], [], sentence(error));
    }
  }

  /** Ask before it is done: what, with how many, and which. @param {Action} action */
  ask(action) {
    const slugs = [...this.chosen].sort(), count = slugs.length;
    const names = slugs.length > NAMED ? gettext("%(names)s and %(count)s more", { names: slugs.slice(0, NAMED).join(", "), count: count - NAMED }) : slugs.join(", ");
    const tag = action.takes_tag ? el("input", { id: "bulk-tag", maxlength: "30", required: true, autocomplete: "off", autocapitalize: "off", list: "bulk-tags" }) : null;
    const known = tag && el("datalist", { id: "bulk-tags" }, this.fleet.listing.facets.tags.map(({ name }) => el("option", { value: name })));
    const status = el("p", { class: "hint", role: "status" });
    const yes = el("button", { type: "submit", class: action.ends_access ? "danger" : "primary" }, `${action.label}: ${ngettext("%(count)s device", "%(count)s devices", count)}`);
    const submit = async (event) => {
      event.preventDefault();
      yes.disabled = true;
      await this.run(action, slugs, tag ? tag.value : "", (done) => (status.textContent = gettext("%(done)s of %(all)s", { done, all: count })));
      this.dialog.close();
    };
    this.dialog.replaceChildren(el("form", { class: "stack", onsubmit: submit },
      el("h2", { class: "title", id: "bulk-title" }, `${action.label}: ${ngettext("%(count)s device", "%(count)s devices", count)}`),
      el("p", {}, action.consequence), el("p", { class: "hint" }, names),
      tag && el("div", { class: "field" }, el("label", { for: "bulk-tag" }, gettext("Tag")), tag, known),
      status, el("div", { class: "buttons" }, el("button", { type: "button", onclick: () => this.dialog.close() }, gettext("Cancel")), yes)));
    this.dialog.showModal();
    (tag ?? yes).focus();
  }

  /** In several requests where there are many. @param {Action} action @param {string[]} slugs @param {string} tag @param {(done: number) => void} onProgress */
  async run(action, slugs, tag, onProgress) {
    /** @type {string[]} */
    const done = [];
    /** @type {Refusal[]} */
    const refused = [];
    let failure = "";
    try {
      for (let start = 0; start < slugs.length; start += this.most) {
        const answer = await call("POST", "/api/v1/fleet/bulk", { action: action.name, nodes: slugs.slice(start, start + this.most), tag });
        done.push(...answer.done);
        refused.push(...answer.refused);
        onProgress(done.length + refused.length);
      }
    } catch (error) {
      failure = sentence(error);
    }
    this.replace(failure ? slugs.slice(done.length + refused.length) : refused.map((row) => row.node));
    this.say(done, refused, failure, action);
    this.onDone();
  }

  /** @param {string[]} done @param {Refusal[]} refused @param {string} failure @param {Action} [action] */
  say(done, refused, failure, action) {
    this.outcome.replaceChildren(el("div", { class: `note ${failure || refused.length ? "error" : "good"}` },
      action && el("p", {}, `${action.label}: ${ngettext("done with %(count)s device.", "done with %(count)s devices.", done.length)}`),
      refused.length > 0 && el("p", {}, ngettext("%(count)s was refused and is still chosen:", "%(count)s were refused and are still chosen:", refused.length)),
      refused.length > 0 && el("ul", {}, refused.slice(0, NAMED).map((row) => el("li", {}, sentence(row)))),
      failure && el("p", {}, failure)));
  }
}

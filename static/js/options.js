/** Options of a question: device, route and policy. Folded away, since leaving them alone is the rule. */

import { byId, el } from "./dom.js";
import { choiceKey, read, write } from "./drafts.js";
import { entry, label, labels } from "./labels.js";
import { shortWords } from "./nodes/words.js";
import { gettext } from "./i18n.js";

const EARLIER_KEY = "isthmus.how"; // as earlier versions named it, for everybody in this browser

export class Options {
  /** @param {() => any[]} devices @param {() => void} onChange @param {?any} drafted the options of the draft, if there is one */
  constructor(devices, onChange, drafted) {
    this.devices = devices;
    const saved = drafted ?? { ...read(EARLIER_KEY), ...read(choiceKey()) };
    fill(byId("route"), [["", gettext("automatic")], ...pairs("routes")], saved.route);
    fill(byId("policy"), pairs("policies"), saved.policy);
    this.offer(saved.node);
    byId("upload-to").addEventListener("change", () => this.show());
    for (const id of ["node", "route", "policy"]) {
      byId(id).addEventListener("change", () => {
        this.show();
        write(choiceKey(), this.value());
        onChange();
      });
    }
    byId("node").addEventListener("focus", () => this.offer(byId("node").value));
    this.show();
  }

  /** As POST /api/v1/turns takes it. */
  value() {
    return { node: byId("node").value || null, route: byId("route").value || null, policy: byId("policy").value };
  }

  /** @param {string} [chosen] slug of a device */
  offer(chosen) {
    const devices = this.devices().map((node) => [node.slug, `${node.slug} (${shortWords(node)})`]);
    fill(byId("node"), [["", gettext("automatic")], ...devices], chosen);
    this.show();
  }

  show() {
    const { node, route, policy } = this.value();
    const target = byId("upload-to").value && gettext("uploads %(target)s", { target: byId("upload-to").selectedOptions[0].text });
    const words = [node ?? gettext("any device"), route ? label("routes", route) : gettext("any route"), label("policies", policy), target];
    byId("options-summary").textContent = words.filter(Boolean).join(" · ");
    byId("options-hint").textContent = entry("policies", policy).explanation ?? "";
  }
}

/** @param {import("./labels.js").Kind} kind */
const pairs = (kind) => labels(kind).map((row) => [row.name, row.label]);

/** @param {HTMLSelectElement} select @param {string[][]} options value and text @param {string} [chosen] */
function fill(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => el("option", { value, selected: value === (chosen ?? "") }, text)));
}

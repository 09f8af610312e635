/** Options of a question: device, route and policy. Folded away, since leaving them alone is the rule. */

import { byId, el } from "./dom.js";
import { entry, label, labels } from "./labels.js";
import { shortWords } from "./nodes/words.js";

const STORAGE_KEY = "isthmus.how"; // as earlier versions named it: people keep their choice

export class Options {
  /** @param {() => any[]} devices @param {() => void} onChange */
  constructor(devices, onChange) {
    this.devices = devices;
    const saved = stored();
    fill(byId("route"), [["", "automatic"], ...pairs("routes")], saved.route);
    fill(byId("policy"), pairs("policies"), saved.policy);
    this.offer(saved.node);
    byId("upload-to").addEventListener("change", () => this.show());
    for (const id of ["node", "route", "policy"]) {
      byId(id).addEventListener("change", () => {
        this.show();
        localStorage.setItem(STORAGE_KEY, JSON.stringify(this.value()));
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
    fill(byId("node"), [["", "automatic"], ...devices], chosen);
    this.show();
  }

  show() {
    const { node, route, policy } = this.value();
    const target = byId("upload-to").value && `uploads ${byId("upload-to").selectedOptions[0].text}`;
    const words = [node ?? "any device", route ? label("routes", route) : "any route", label("policies", policy), target];
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

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
  } catch {
    return {};
  }
}

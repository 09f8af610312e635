/** What a click, a touch and a key do in the grid. */

import { vertically } from "./layout.js";

const HOLD_MS = 450, MOVED = 10; // of a touch that chooses

/** @typedef {{open: (place: number) => void, favourite: (places: number[]) => void, remove: () => void, leave: () => void}} Actions */

export class PointerAndKeys {
  /** @param {import("./grid.js").Grid} grid @param {Actions} actions @param {(error: any) => void} onError */
  constructor(grid, actions, onError) {
    this.grid = grid;
    this.selection = grid.selection;
    this.actions = actions;
    this.onError = onError;
    this.held = false; // the click that ends a long touch chooses nothing more
    grid.element.addEventListener("click", (event) => this.click(event));
    grid.element.addEventListener("keydown", (event) => this.key(event));
    grid.element.addEventListener("pointerdown", (event) => this.touch(event));
    grid.element.addEventListener("contextmenu", (event) => this.held && event.preventDefault());
  }

  placeOf(event) {
    const place = event.target instanceof Element ? event.target.closest("[data-place]")?.getAttribute("data-place") : null;
    return place === null || place === undefined ? -1 : Number(place);
  }

  click(event) {
    const place = this.placeOf(event);
    if (place < 0) return;
    if (this.held) {
      this.held = false;
      return;
    }
    this.grid.moveTo(place, false);
    const chooses = event.target.closest(".choose") || event.ctrlKey || event.metaKey;
    if (event.shiftKey) this.extend(place);
    else if (chooses || this.selection.size) this.selection.toggle(place);
    else this.actions.open(place);
  }

  /** A long touch chooses; further photos are then touched. */
  touch(event) {
    const place = this.placeOf(event);
    if (event.pointerType === "mouse" || place < 0) return;
    this.held = false;
    const end = () => {
      clearTimeout(timer);
      for (const name of ["pointerup", "pointercancel", "pointermove"]) removeEventListener(name, watch);
    };
    const watch = (moved) => (moved.type !== "pointermove" || Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) > MOVED) && end();
    const timer = setTimeout(() => {
      this.held = true;
      this.selection.toggle(place);
      end();
    }, HOLD_MS);
    for (const name of ["pointerup", "pointercancel", "pointermove"]) addEventListener(name, watch);
  }

  extend(place) {
    this.selection.extendTo(place).catch(this.onError);
  }

  key(event) {
    if (event.target.closest("button") && (event.key === "Enter" || event.key === " ")) return;
    const { grid } = this, target = this.targetOf(event);
    if (target !== null) {
      event.preventDefault();
      if (event.shiftKey && !this.selection.size) this.selection.anchor = grid.focus;
      grid.moveTo(target);
      if (event.shiftKey) this.extend(grid.focus);
      return;
    }
    const acts = this.actOf(event);
    if (!acts) return;
    event.preventDefault();
    acts();
  }

  /** Where a key leads; null for a key that leads nowhere. */
  targetOf({ key }) {
    const { focus, layout, store } = this.grid, page = Math.max(1, Math.floor(innerHeight / layout.step) - 1);
    switch (key) {
      case "ArrowLeft": return focus - 1;
      case "ArrowRight": return focus + 1;
      case "ArrowUp": return vertically(layout, focus, -1);
      case "ArrowDown": return vertically(layout, focus, 1);
      case "PageUp": return vertically(layout, focus, -page);
      case "PageDown": return vertically(layout, focus, page);
      case "Home": return 0;
      case "End": return store.total - 1;
      default: return null;
    }
  }

  /** @returns {?() => void} */
  actOf({ key, shiftKey, ctrlKey, metaKey }) {
    const { focus } = this.grid;
    if (ctrlKey || metaKey) return null;
    switch (key) {
      case " ": return () => (shiftKey ? this.extend(focus) : this.selection.toggle(focus));
      case "Enter": return () => this.actions.open(focus);
      case "f": case "F": return () => this.actions.favourite([focus]);
      case "Delete": case "Backspace": return () => {
        if (!this.selection.size) this.selection.toggle(focus);
        this.actions.remove();
      };
      case "Escape": return () => (this.selection.size ? this.selection.clear() : this.actions.leave());
      default: return null;
    }
  }
}

/**
 * Sentences in the language of the page. Scripts have them in English; of any other language, the page loads the catalogue
 * (Django's JavaScriptCatalog) before its modules. Placeholders are written `%(name)s`, as in Python.
 */

const catalogue = /** @type {any} */ (globalThis).django;

/** The language of the page as `Intl` takes it. English is British, as the texts are. */
export const LANGUAGE = ((tag) => (tag === "en" ? "en-GB" : tag))(globalThis.document?.documentElement.lang || "en");

const POINT = new Intl.NumberFormat(LANGUAGE).formatToParts(1.5).find(({ type }) => type === "decimal")?.value ?? ".";

/** @param {string} text @param {Record<string, any>} [values] of its placeholders */
export const gettext = (text, values) => filled(catalogue ? catalogue.gettext(text) : text, values);

/** For a word that means different things in different places. @param {string} context @param {string} text @param {Record<string, any>} [values] */
export const pgettext = (context, text, values) => filled(catalogue ? catalogue.pgettext(context, text) : text, values);

/** By number, in the plural forms of the language; `%(count)s` is the number. @param {string} one @param {string} many @param {number} count @param {Record<string, any>} [values] */
export const ngettext = (one, many, count, values) =>
  filled(catalogue ? catalogue.ngettext(one, many, count) : count === 1 ? one : many, { count, ...values });

/** A sentence with elements in it. @param {string} text a translated one @param {Record<string, any>} values of its placeholders @returns {any[]} children for `el` */
export const withElements = (text, values) => text.split(/%\((\w+)\)s/).map((part, index) => (index % 2 ? values[part] : part));

/** Digits with a fixed number of decimals, or as they are, with the language's decimal sign. @param {number} value @param {number} [decimals] */
export const decimal = (value, decimals) => (decimals === undefined ? String(value) : value.toFixed(decimals)).replace(".", POINT);

/** @param {string} text @param {Record<string, any>} [values] */
const filled = (text, values) => (values ? text.replace(/%\((\w+)\)s/g, (whole, name) => String(values[name] ?? whole)) : text);

/**
 * Elements of the page, found and checked: a script and a template that do not fit each other fail at once, by name.
 */

/**
 * Return the element with this id.
 *
 * @overload
 * @param {string} id
 * @returns {HTMLElement}
 */
/**
 * Return the element with this id, which must be of this class.
 *
 * @template {Element} T
 * @overload
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 * @throws {Error} the page has no such element
 */
/**
 * @param {string} id
 * @param {new () => Element} type
 */
export function byId(id, type = HTMLElement) {
  return checked(document.getElementById(id), `#${id}`, type);
}

/**
 * Return the first element that a selector finds, which must be of this class.
 *
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 * @throws {Error} there is no such element in the parent
 */
export function find(parent, selector, type) {
  return checked(parent.querySelector(selector), selector, type);
}

/**
 * @template {Element} T
 * @param {Element | null} element
 * @param {string} name
 * @param {new () => T} type
 */
function checked(element, name, type) {
  if (element instanceof type) {
    return element;
  }
  throw new Error(`expected ${name} to be an ${type.name}, got ${element ? element.constructor.name : "no element"}`);
}

/**
 * The colour that a stream's broadcaster has chosen, in the place of ours. The server has made of it one for each colour
 * scheme in which text can be read.
 */

/** @param {DOMStringMap} pageData the page's; without `accentLight` the colours stay */
export function useAccent({ accentLight, accentDark }) {
  if (!accentLight || !accentDark) {
    return;
  }
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const show = () => {
    for (const name of ["--accent", "--accent-strong"]) {
      document.documentElement.style.setProperty(name, isDark.matches ? accentDark : accentLight);
    }
  };
  isDark.addEventListener?.("change", show); // Safari before 14 has another name for it
  show();
}

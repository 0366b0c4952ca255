/**
 * The listener's page and the embedded player where their modules do not run, in a browser that is too old for them or
 * over a network that has lost one: the audio element's own controls, as without scripts. Written for browsers that know no
 * modules.
 */
window.addEventListener("load", function () {
  var body = document.body;
  var audio = /** @type {HTMLAudioElement} */ (document.getElementById("audio"));
  if (!body.hasAttribute("data-script")) {
    body.className += " plain";
    audio.controls = true;
    audio.src = "/stream/" + encodeURIComponent(body.getAttribute("data-stream-id") || "");
  }
});

/**
 * The listener's page and the embedded player where their modules do not run, because the browser is too old or the
 * network has lost one: shows the audio element's own controls, as without scripts. The syntax is that of browsers without
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

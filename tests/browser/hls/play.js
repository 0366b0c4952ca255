/** Plays a stream with hls.js, on a page that has nothing else; an ear in the page hears what comes out of it. */

window.seen = [];
window.play = (url, more = {}) => {
  const audio = document.createElement("audio");
  audio.crossOrigin = "anonymous";
  document.body.append(audio);
  window.audio = audio;
  const context = new AudioContext();
  context.createMediaElementSource(audio).connect(context.destination);
  // By itself hls.js stays as far behind as a pause has left it; with this it catches up.
  const hls = new Hls({ maxLiveSyncPlaybackRate: 1.05, ...more });
  window.hls = hls;
  hls.on(Hls.Events.ERROR, (_, { details, fatal }) => window.seen.push(`${fatal ? "fatal " : ""}${details}`));
  hls.loadSource(url);
  hls.attachMedia(audio);
  audio.play().catch((error) => window.seen.push(String(error)));
  return context.resume();
};
window.watch = () => {
  for (const name of ["waiting", "stalled", "error", "ended", "emptied", "pause"]) {
    window.audio.addEventListener(name, () => window.seen.push(name));
  }
  window.seen.length = 0;
};

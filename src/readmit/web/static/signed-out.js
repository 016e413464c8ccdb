// Goes on to the application once every other one has heard of the end of the session, after five seconds at the latest.
const onward = document.getElementById("onward");
if (onward) {
  const go = () => location.replace(onward.href);
  addEventListener("load", go);
  setTimeout(go, 5000);
}

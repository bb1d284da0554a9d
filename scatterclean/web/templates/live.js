// Looks whether anything is new on record, and shows it.  Without it every page works the same, when it is loaded anew.
"use strict";
(() => {
  const OFTEN = 5000, SOON = 1000, KEY = "scatterclean-live";
  const itself = { headers: { "X-Looks-By-Itself": "1" }, credentials: "same-origin", redirect: "error" };
  let main = document.getElementById("main");
  if (main === null || main.dataset.looks === undefined) {
    return;
  }
  let pulse = null;
  let on = sessionStorage.getItem(KEY) !== "off";

  const said = document.createElement("p");
  said.className = "vh";
  said.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "as-link";
  const name = () => {
    button.textContent = on ? "Stop live updates" : "Start live updates";
  };
  name();
  button.addEventListener("click", () => {
    on = !on;
    sessionStorage.setItem(KEY, on ? "on" : "off");
    name();
  });
  const place = document.createElement("li");
  place.append(button);
  document.querySelector(".pages").append(place);
  main.before(said);

  // Nothing is taken away under the hand of somebody who is reading with the keyboard, or is filling in a form.
  const inHand = () => main !== document.activeElement && main.contains(document.activeElement);

  const renew = async () => {
    const answer = await fetch(location.href, itself);
    if (!answer.ok) {
      return false;
    }
    const other = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
    if (other === null || inHand()) {
      return false;
    }
    if (other.innerHTML !== main.innerHTML) {
      const open = [...main.querySelectorAll("details")].map((one) => one.open);
      other.querySelectorAll("details").forEach((one, at) => { one.open = open[at] === true; });
      main.replaceWith(document.adoptNode(other));
      main = other;
      said.textContent = "This page was updated.";
    }
    return true;
  };

  const look = async () => {
    const wait = () => (main.dataset.looks === "soon" ? SOON : OFTEN);
    if (main.dataset.looks === undefined) {
      place.remove();
      return;
    }
    try {
      if (on && !document.hidden) {
        const answer = await fetch("/pulse", itself);
        if (answer.status === 403) {
          said.textContent = "The dashboard does not know this browser any more.";
          return;
        }
        const now = await answer.text();
        if (pulse === null || now !== pulse) {
          if (pulse === null && main.dataset.looks !== "soon") {
            pulse = now;
          } else if (await renew()) {
            pulse = now;
          }
        }
      }
    } catch {
      // The dashboard has ended, or is busy: what is shown stays as it is.
    }
    setTimeout(look, wait());
  };
  setTimeout(look, main.dataset.looks === "soon" ? SOON : OFTEN);
})();

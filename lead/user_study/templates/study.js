"use strict";
/* The user study's page: two rounds over the pairs. Every text enters as text, never as HTML. */
(() => {
  const find = (id) => document.getElementById(id);
  const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
  const data = JSON.parse(find("data").textContent);
  const place = `lead-user-study-${data.study}`;
  const questions = Object.keys(data.questions);
  const screens = questions.flatMap((question) => data.order.map((pair) => ({ question, pair })));
  const ends = { realism: ["not at all", "very realistic"], text_motion_relevance: ["not at all", "perfectly"] };

  /* ---- what is kept ----------------------------------------------------------------------- */
  const fresh = () => ({
    format: "lead user study answers 1",
    study: data.study,
    rater: Array.from(crypto.getRandomValues(new Uint8Array(8)), (b) => b.toString(16).padStart(2, "0")).join(""),
    demographics: {},
    ratings: {},
    watched: {},
    screen: -1,
  });
  const load = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(place));
      return kept && kept.study === data.study && kept.ratings && kept.demographics ? { ...fresh(), ...kept } : fresh();
    } catch { return fresh(); }
  };
  let state = load();
  const keep = () => {
    try { localStorage.setItem(place, JSON.stringify(state)); } catch { find("unkept").hidden = false; }
  };
  const rated = ({ pair, question }) => (state.ratings[pair] || {})[question] || {};
  const isRated = (screen) => data.sides.every((side) => rated(screen)[side]);
  const watched = ({ pair, question }) => (state.watched[pair] || {})[question] || 0;
  const isWatched = (screen) => watched(screen) >= Number(player(screen.pair).dataset.seconds) - 0.1;
  /* What is still to be done on a screen before there is a next one. */
  const lacks = (screen) => [
    ...(isWatched(screen) ? [] : ["watch both motions to their end"]),
    ...data.sides.filter((side) => !rated(screen)[side]).map((side) => `rate motion ${side}`),
  ];
  const refresh = () => {
    const still = lacks(screens[state.screen]);
    find("next").disabled = still.length > 0;
    find("lacks").textContent = still.length ? `Before you go on: ${still.join(", ")}.` : "";
  };

  /* ---- what is shown ---------------------------------------------------------------------- */
  const show = (screen) => {
    state.screen = Math.max(-1, Math.min(screen, screens.length));
    keep();
    find("start").hidden = state.screen !== -1;
    find("end").hidden = state.screen !== screens.length;
    const now = screens[state.screen];
    find("rate").hidden = !now;
    find("progress").value = screens.filter(isRated).length / screens.length;
    find("where").textContent = "";
    document.querySelectorAll(".pair").forEach((each) => { each.hidden = !now || each.dataset.pair !== now.pair; });
    if (now) draw(now);
    window.scrollTo(0, 0);
  };
  const draw = (now) => {
    const round = questions.indexOf(now.question);
    const count = data.order.length;
    find("where").textContent = `Round ${round + 1} of ${questions.length} · pair ${(state.screen % count) + 1} of ${count}`;
    find("question").textContent = data.questions[now.question];
    find("caption").hidden = now.question === "realism";
    find("caption").textContent = now.question === "realism" ? "" : data.captions[now.pair];
    find("scales").replaceChildren(...data.sides.map((side) => scale(now, side)));
    /* Realism was rated without the texts: there is no way back to it once they are known. */
    find("back").disabled = state.screen % count === 0 && round > 0;
    refresh();
    find("next").textContent = state.screen === screens.length - 1 ? "Finish" : "Next";
    player(now.pair).dispatchEvent(new KeyboardEvent("keydown", { key: "Home" }));
  };
  const scale = (now, side) => {
    const set = make("fieldset");
    const row = make("div", { className: "scale" });
    data.scale.forEach((value) => {
      const label = make("label");
      const input = make("input", {
        type: "radio", name: `rating-${side}`, value, checked: rated(now)[side] === value,
      });
      input.setAttribute("aria-label", `${side}: ${value}`);
      input.onchange = () => rate(side, value);
      label.append(input, make("span", { textContent: value }));
      row.append(label);
    });
    const words = make("div", { className: "ends" });
    words.append(...ends[now.question].map((textContent) => make("span", { textContent })));
    set.append(make("legend", { textContent: `Motion ${side}` }), row, words);
    return set;
  };
  const player = (pair) => document.querySelector(`.pair[data-pair="${pair}"] .lead-player`);

  const rate = (side, value) => {
    const now = screens[state.screen];
    state.ratings[now.pair] = { ...state.ratings[now.pair], [now.question]: { ...rated(now), [side]: value } };
    keep();
    refresh();
    find("progress").value = screens.filter(isRated).length / screens.length;
    const input = document.querySelector(`input[name="rating-${side}"][value="${value}"]`);
    input.checked = true;
  };

  /* ---- what is done ----------------------------------------------------------------------- */
  find("start").onsubmit = (event) => {
    event.preventDefault();
    state.demographics = Object.fromEntries(new FormData(event.target));
    show(0);
  };
  find("rate").onsubmit = (event) => {
    event.preventDefault();
    if (!lacks(screens[state.screen]).length) show(state.screen + 1);
  };
  find("rate").addEventListener("lead-played", ({ detail }) => {
    const now = screens[state.screen];
    if (!now) return;
    const before = isWatched(now);
    const seconds = Math.round(1000 * (watched(now) + detail)) / 1000;
    state.watched[now.pair] = { ...state.watched[now.pair], [now.question]: seconds };
    if (isWatched(now) !== before) { keep(); refresh(); }
  });
  find("back").onclick = () => show(state.screen - 1);
  find("last").onclick = () => show(screens.length - 1);
  find("again").onclick = () => {
    if (!confirm("Forget the answers that are kept here? Save them first.")) return;
    state = fresh();
    find("start").reset();
    find("saved").textContent = "";
    show(-1);
  };
  find("save").onclick = () => {
    const { screen, ...answers } = state;
    const name = `answers_${data.study.slice(0, 6)}_${state.rater.slice(0, 8)}.json`;
    const blob = new Blob([JSON.stringify(answers, null, 1)], { type: "application/json" });
    const link = make("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    find("saved").textContent = `Saved as ${name}, where this browser puts downloads.`;
  };
  document.addEventListener("keydown", (event) => {
    const now = screens[state.screen];
    const tag = event.target.tagName;
    if (!now || event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT") return;
    if (data.scale.includes(Number(event.key))) {
      const own = /^rating-(.+)$/.exec(event.target.name || "");
      const side = own ? own[1] : data.sides.find((each) => !rated(now)[each]) || data.sides[0];
      rate(side, Number(event.key));
    } else if (event.key === "Enter" && tag !== "BUTTON") {
      event.preventDefault();
      find("rate").requestSubmit();
    } else if (event.key === " " && tag !== "BUTTON" && !event.defaultPrevented) {
      event.preventDefault();
      player(now.pair).querySelector(".lead-play").click();
    }
  });

  Object.entries(state.demographics).forEach(([name, value]) => {
    const select = find("start").elements[name];
    if (select) select.value = value;
  });
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => show(state.screen));
  else show(state.screen);
})();

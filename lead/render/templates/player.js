"use strict";
/* The player of lead-motion: motions side by side, in step. Every text enters as text, never as HTML. */
(() => {
  const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2];
  const PARTS = ["--trunk", "--left", "--right"];
  const ICONS = { play: "M3 1.5v15l13-7.5z", pause: "M3 2h4.5v14H3zM10.5 2H15v14h-4.5z" };

  /* ---- numbers ---------------------------------------------------------------------------- */
  const decode = (text, step) => {
    const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 2 }, (_, k) => view.getInt16(2 * k, true) * step);
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

  class Camera {
    constructor(scale, centre, target, view, distance) {
      const [a, e] = [view.azimuth, view.elevation].map((degrees) => (degrees * Math.PI) / 180);
      Object.assign(this, { scale, centre, target, distance });
      this.right = [Math.cos(a), 0, -Math.sin(a)];
      this.up = [-Math.sin(a) * Math.sin(e), Math.cos(e), -Math.cos(a) * Math.sin(e)];
      this.towards = [Math.sin(a) * Math.cos(e), Math.sin(e), Math.cos(a) * Math.cos(e)];
    }
    /* Pixel x, pixel y, depth in pixels (larger is nearer), pixels per metre there. */
    project(x, y, z) {
      const d = [x - this.target[0], y - this.target[1], z - this.target[2]];
      const along = (axis) => axis[0] * d[0] + axis[1] * d[1] + axis[2] * d[2];
      const depth = along(this.towards);
      const grown = this.scale / Math.max(1 - depth / this.distance, 0.1);
      return [this.centre[0] + grown * along(this.right), this.centre[1] - grown * along(this.up),
        this.scale * depth, grown];
    }
  }

  /* ---- one motion ------------------------------------------------------------------------- */
  class Motion {
    constructor(stored) {
      Object.assign(this, stored);
      this.points = decode(stored.points, stored.step);
      this.target = decode(stored.target, stored.step);
      this.width = this.points.length / this.frames;
      let [high, wide] = [0.95 * this.height, 0];
      for (let k = 0; k < this.points.length; k += 3) {
        const t = 2 * Math.floor(k / this.width);
        high = Math.max(high, this.points[k + 1]);
        const aside = Math.hypot(this.points[k] - this.target[t], this.points[k + 2] - this.target[t + 1]);
        wide = Math.max(wide, aside);
      }
      this.reach = { high: high + 0.05 * this.height, wide: wide + 0.06 * this.height };
    }
    frame(seconds) { return clamp(seconds * this.fps, 0, this.frames - 1); }
    mixed(values, width, frame) {
      const [low, share] = [Math.floor(frame), frame % 1];
      const next = Math.min(low + 1, this.frames - 1);
      const result = new Float32Array(width);
      for (let k = 0; k < width; k += 1) {
        result[k] = (1 - share) * values[low * width + k] + share * values[next * width + k];
      }
      return result;
    }
  }

  /* ---- figures: on the GPU, or else as flat cones ------------------------------------------- */
  const VERTEX = `#version 300 es
    in vec2 corner; in vec4 first, last; in vec3 tint; uniform vec2 size;
    flat out vec4 a, b; flat out vec3 colour; out vec2 place;
    void main() {
      a = first; b = last; colour = tint;
      vec2 low = min(a.xy - a.w, b.xy - b.w) - 1.0, high = max(a.xy + a.w, b.xy + b.w) + 1.0;
      place = mix(low, high, corner);
      gl_Position = vec4(place / size * vec2(2, -2) + vec2(-1, 1), 0, 1);
    }`;
  const FRAGMENT = `#version 300 es
    precision highp float;
    flat in vec4 a, b; flat in vec3 colour; in vec2 place; uniform vec3 light; uniform float far;
    out vec4 pixel;
    void main() {
      float z = -1e9; vec3 normal = vec3(0, 0, 1);
      for (int k = 0; k < 2; k++) {
        vec4 ball = k == 0 ? a : b; vec2 d = place - ball.xy; float up = ball.w * ball.w - dot(d, d);
        if (up > 0.0 && ball.z + sqrt(up) > z) { z = ball.z + sqrt(up); normal = vec3(d, sqrt(up)) / ball.w; }
      }
      vec3 axis = b.xyz - a.xyz; vec2 d = place - a.xy;
      float taper = a.w - b.w, inner = dot(axis, axis) - taper * taper, steep = inner - axis.z * axis.z;
      float past = dot(axis.xy, d) - taper * a.w, h = past * past + steep * (a.w * a.w - dot(d, d));
      if (steep > 1e-3 * inner && h > 0.0) {
        float up = (sqrt(inner * h) + axis.z * past) / steep, share = past + axis.z * up;
        if (share > 0.0 && share < inner && a.z + up > z) {
          z = a.z + up; normal = normalize(inner * vec3(d, up) - axis * share);
        }
      }
      if (z < -1e8) discard;
      normal.y = -normal.y;
      float lit = dot(normal, light), gloss = pow(max(2.0 * lit * normal.z - light.z, 0.0), 8.0);
      float tone = (0.52 + 0.6 * (0.5 + 0.5 * lit)) * (0.62 + 0.38 * min(2.2 * normal.z, 1.0));
      pixel = vec4(min(colour * tone + 0.118 * gloss, 1.0), 1);
      gl_FragDepth = clamp(0.5 - z / (2.0 * far), 0.0, 1.0);
    }`;

  class Figures {
    constructor() {
      this.canvas = document.createElement("canvas");
      const gl = this.canvas.getContext("webgl2", { antialias: false });
      if (!gl) throw new Error("no WebGL 2");
      const program = gl.createProgram();
      for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
        const shader = gl.createShader(kind);
        gl.shaderSource(shader, source);
        gl.compileShader(shader);
        gl.attachShader(program, shader);
      }
      ["corner", "first", "last", "tint"].forEach((name, k) => gl.bindAttribLocation(program, k, name));
      gl.linkProgram(program);
      if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
      gl.useProgram(program);
      gl.enable(gl.DEPTH_TEST);
      gl.depthFunc(gl.LEQUAL);
      this.uniform = (name) => gl.getUniformLocation(program, name);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]), gl.STATIC_DRAW);
      gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
      gl.enableVertexAttribArray(0);
      gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
      [[1, 4, 0], [2, 4, 16], [3, 3, 32]].forEach(([where, size, offset]) => {
        gl.vertexAttribPointer(where, size, gl.FLOAT, false, 44, offset);
        gl.enableVertexAttribArray(where);
        gl.vertexAttribDivisor(where, 1);
      });
      this.gl = gl;
    }
    /* Paint cones, whose pixels are those of `context`, above what is there. */
    paint(context, cones, light) {
      const { gl, canvas } = this;
      const { width, height } = context.canvas;
      const finer = Math.min(2, 4096 / Math.max(width, height));
      const [w, h] = [Math.round(width * finer), Math.round(height * finer)];
      if (canvas.width < w || canvas.height < h) {
        canvas.width = Math.max(canvas.width, w);
        canvas.height = Math.max(canvas.height, h);
      }
      gl.viewport(0, canvas.height - h, w, h);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.uniform2f(this.uniform("size"), width, height);
      gl.uniform3f(this.uniform("light"), ...light);
      gl.uniform1f(this.uniform("far"), 4 * (width + height));
      const rows = cones.flatMap(({ a, b, colour }) => [...a, ...b, ...colour.map((c) => c / 255)]);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(rows), gl.DYNAMIC_DRAW);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, cones.length);
      context.imageSmoothingQuality = "high";
      context.drawImage(canvas, 0, 0, w, h, 0, 0, width, height);
    }
  }

  class FlatFigures {
    paint(context, cones) {
      const tone = (colour, share) => `rgb(${colour.map((c) => Math.round(Math.min(255, c * share)))})`;
      const depth = (cone) => cone.a[2] + cone.b[2];
      for (const { a, b, colour } of [...cones].sort((one, two) => depth(one) - depth(two))) {
        const turn = Math.atan2(b[1] - a[1], b[0] - a[0]) + Math.PI / 2;
        const r = Math.max(a[3], b[3]);
        const [dx, dy] = [r * Math.cos(turn), r * Math.sin(turn)];
        const shade = context.createLinearGradient(a[0] - dx, a[1] - dy, a[0] + dx, a[1] + dy);
        const towards = dx < 0 || (dx === 0 && dy < 0) ? [0.72, 1.08, 0.98] : [0.98, 1.08, 0.72];
        [0, 0.4, 1].forEach((place, k) => shade.addColorStop(dx < 0 ? 1 - place : place, tone(colour, towards[dx < 0 ? 2 - k : k])));
        context.fillStyle = shade;
        context.beginPath();
        context.arc(a[0], a[1], a[3], turn, turn + Math.PI);
        context.arc(b[0], b[1], b[3], turn + Math.PI, turn);
        context.fill();
      }
    }
  }

  let figures = null;
  const painter = () => {
    if (!figures) {
      try { figures = new Figures(); } catch { figures = new FlatFigures(); }
    }
    return figures;
  };

  /* ---- one panel ---------------------------------------------------------------------------- */
  class Panel {
    constructor(motion, player) {
      this.motion = motion;
      this.player = player;
      this.element = make("figure", { className: "lead-panel" });
      this.canvas = make("canvas", { tabIndex: -1 });
      this.canvas.setAttribute("role", "img");
      this.canvas.setAttribute("aria-label", motion.text || motion.label);
      const caption = make("figcaption");
      /* A long caption is cut after a few lines; it is shown whole on a click. */
      const title = make("b", { textContent: motion.text || motion.label, title: motion.text || motion.label });
      title.onclick = () => title.classList.toggle("lead-whole");
      caption.append(title);
      if (motion.text && motion.label) caption.append(make("small", { textContent: motion.label }));
      this.element.append(caption, this.canvas);
    }
    resize() {
      const ratio = Math.min(window.devicePixelRatio || 1, 3);
      const { clientWidth, clientHeight } = this.canvas;
      this.canvas.width = Math.max(1, Math.round(clientWidth * ratio));
      this.canvas.height = Math.max(1, Math.round(clientHeight * ratio));
      this.ratio = ratio;
    }
    /* Pixels per metre at which the motion fits, whatever side it is seen from. */
    fits(high) {
      return Math.min((0.8 * this.canvas.height) / high, (0.46 * this.canvas.width) / this.motion.reach.wide);
    }
    draw(seconds, scale, high) {
      const { motion, player, canvas } = this;
      const context = canvas.getContext("2d");
      const colours = player.colours;
      const frame = motion.frame(seconds);
      const points = motion.mixed(motion.points, motion.width, frame);
      const [x, z] = motion.mixed(motion.target, 2, frame);
      const middle = high / 2;
      const centre = [canvas.width / 2, 0.48 * canvas.height];
      const camera = new Camera(scale * player.view.zoom, centre, [x, middle, z], player.view,
        player.data.distance * motion.height);
      context.fillStyle = colours.page;
      context.fillRect(0, 0, canvas.width, canvas.height);
      this.drawGrid(context, camera, colours);
      if (player.shows.contacts) this.drawPrints(context, camera, frame, colours);
      if (player.shows.path) this.drawPath(context, camera, frame, colours);
      const place = (k) => [points[3 * k], points[3 * k + 1], points[3 * k + 2]];
      this.drawShadow(context, camera, place, colours);
      const seen = Array.from({ length: motion.width / 3 }, (_, k) => camera.project(...place(k)));
      const ball = (k, radius) => [...seen[k].slice(0, 3), radius * seen[k][3]];
      const cones = motion.cones.map(([a, b, ra, rb, part]) => (
        { a: ball(a, ra), b: ball(b, rb), colour: colours.parts[part] }));
      painter().paint(context, cones, player.data.light);
    }
    line(context, camera, places, radius, colour, width) {
      const [x, , z] = camera.target;
      context.strokeStyle = colour;
      context.lineWidth = width * this.ratio;
      context.lineCap = "round";
      for (let k = 1; k < places.length; k += 1) {
        const [one, two] = [places[k - 1], places[k]];
        const away = Math.hypot((one[0] + two[0]) / 2 - x, (one[1] + two[1]) / 2 - z);
        const share = Math.min(1, 1.6 * (1 - away / radius));
        if (share > 0.02) {
          const [a, b] = [camera.project(one[0], 0, one[1]), camera.project(two[0], 0, two[1])];
          context.globalAlpha = share;
          context.beginPath();
          context.moveTo(a[0], a[1]);
          context.lineTo(b[0], b[1]);
          context.stroke();
        }
      }
      context.globalAlpha = 1;
    }
    drawGrid(context, camera, colours) {
      const radius = 1.75 * this.motion.height / Math.min(1, this.player.view.zoom);
      const step = 0.5;
      const [x, , z] = camera.target;
      const steps = Array.from({ length: 25 }, (_, k) => (k / 12 - 1) * radius);
      for (let n = Math.ceil((x - radius) / step); n * step <= x + radius; n += 1) {
        this.line(context, camera, steps.map((s) => [n * step, z + s]), radius, colours.grid, 0.7);
      }
      for (let n = Math.ceil((z - radius) / step); n * step <= z + radius; n += 1) {
        this.line(context, camera, steps.map((s) => [x + s, n * step]), radius, colours.grid, 0.7);
      }
    }
    drawPath(context, camera, frame, colours) {
      const { motion } = this;
      const root = (k) => [motion.points[k * motion.width], motion.points[k * motion.width + 2]];
      const last = Math.floor(frame);
      const [behind, ahead] = this.player.data.path.map((seconds) => Math.round(seconds * motion.fps));
      const start = Math.max(0, last - behind);
      const stop = Math.min(motion.frames, last + ahead + 1);
      const all = Array.from({ length: stop - start }, (_, k) => root(start + k));
      const now = motion.mixed(motion.points, motion.width, frame);
      const been = [...all.slice(0, last - start + 1), [now[0], now[2]]];
      const radius = 2.6 * motion.height / Math.min(1, this.player.view.zoom);
      this.line(context, camera, all, radius, colours.faint, 1);
      this.line(context, camera, been, radius, colours.path, 2.2);
    }
    outline(context, camera, one, two, r1, r2) {
      const turn = Math.atan2(two[1] - one[1], two[0] - one[0]) + Math.PI / 2;
      for (let k = 0; k < 18; k += 1) {
        const [centre, r] = k < 9 ? [one, r1] : [two, -r2];
        const angle = turn + (Math.PI * (k % 9)) / 8;
        const p = camera.project(centre[0] + r * Math.cos(angle), 0, centre[1] + r * Math.sin(angle));
        if (k) context.lineTo(p[0], p[1]); else context.moveTo(p[0], p[1]);
      }
      context.closePath();
    }
    drawPrints(context, camera, frame, colours) {
      const { motion } = this;
      const now = Math.floor(frame);
      for (const [foot, start, stop] of motion.prints) {
        const since = (now - stop + 1) / motion.fps;
        if (start > now || since > 2.5) continue;
        const at = Math.min(now, stop - 1) * motion.width;
        const place = (k) => [motion.points[at + 3 * k], motion.points[at + 3 * k + 2]];
        context.globalAlpha = 0.55 * (since <= 0 ? 0.75 : 0.5 * (1 - since / 2.5));
        context.fillStyle = `rgb(${colours.parts[1 + foot]})`;
        context.beginPath();
        const radius = (since <= 0 ? 0.042 : 0.022) * motion.height;
        this.outline(context, camera, place(motion.feet[foot][0]), place(motion.feet[foot][1]), radius, radius);
        context.fill();
      }
      context.globalAlpha = 1;
    }
    /* The body's shadow on the ground: the lower a limb, the sharper and the darker. */
    drawShadow(context, camera, place, colours) {
      if (camera.towards[1] < 0.02) return;
      const away = 4 * (context.canvas.width + context.canvas.height);
      const lean = [0, 2].map((k) => 0.2 * camera.right[k] - 0.12 * camera.towards[k]);
      const spot = (p) => [p[0] + Math.max(p[1], 0) * lean[0], p[2] + Math.max(p[1], 0) * lean[1]];
      const moved = new Camera(camera.scale, [camera.centre[0] - away, camera.centre[1]], camera.target,
        this.player.view, camera.distance);
      const levels = [[0.09, 0.34, 0.02], [0.4, 0.13, 0.045], [9, 0.1, 0.07]];
      let below = -9;
      context.save();
      context.shadowOffsetX = away;
      context.shadowColor = colours.shadow;
      context.fillStyle = colours.shadow;
      for (const [above, dark, blur] of levels) {
        context.globalAlpha = Math.min(1, dark * colours.dark);
        context.shadowBlur = blur * this.motion.height * camera.scale;
        context.beginPath();
        for (const [a, b, ra, rb] of this.motion.cones) {
          const height = (place(a)[1] + place(b)[1]) / 2 / this.motion.height;
          if (height >= below && height < above) this.outline(context, moved, spot(place(a)), spot(place(b)), ra, rb);
        }
        context.fill();
        below = above;
      }
      context.restore();
    }
  }

  /* ---- the player --------------------------------------------------------------------------- */
  const make = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);

  class Player {
    constructor(root) {
      this.root = root;
      this.data = JSON.parse(root.querySelector("script").textContent);
      this.motions = this.data.motions.map((stored) => new Motion(stored));
      this.seconds = Math.max(...this.motions.map((motion) => motion.frames / motion.fps));
      this.fastest = Math.max(...this.motions.map((motion) => motion.fps));
      this.shows = { path: !this.data.plain, contacts: !this.data.plain };
      root.dataset.seconds = this.seconds;
      this.looping = true;
      this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
      [this.now, this.speed, this.then] = [0, 1, null];
      this.build();
      this.reset();
      this.recolour();
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
      new ResizeObserver(() => this.resize()).observe(this.panels[0].canvas);
      window.addEventListener("resize", () => this.resize());
      this.resize();
      this.setPlaying(this.playing);
      /* What is out of sight stands still; in a hidden tab no browser calls for a frame. */
      new IntersectionObserver((entries) => {
        this.seen = entries[entries.length - 1].isIntersecting;
        this.then = null;
        this.ask();
      }).observe(root);
    }
    ask() {
      if (this.seen && !this.asked) this.asked = requestAnimationFrame((at) => this.tick(at));
    }
    build() {
      const grid = make("div", { className: "lead-panels" });
      grid.dataset.count = this.motions.length;
      grid.style.setProperty("--columns", this.motions.length);
      this.panels = this.motions.map((motion) => new Panel(motion, this));
      grid.append(...this.panels.map((panel) => panel.element));
      this.panels.forEach((panel) => this.listen(panel.canvas));

      this.playButton = make("button", { type: "button", className: "lead-play" });
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("viewBox", "0 0 18 18");
      this.icon = svg.appendChild(document.createElementNS(svg.namespaceURI, "path"));
      this.playButton.append(svg);
      this.playButton.onclick = () => this.setPlaying(!this.playing);
      const last = Math.max(1, Math.round(this.seconds * this.fastest) - 1);
      this.range = make("input", { type: "range", min: 0, max: last, step: 1, value: 0 });
      this.range.setAttribute("aria-label", "frame");
      this.range.oninput = () => { this.setPlaying(false); this.seek(this.range.valueAsNumber); };
      this.output = make("output");
      const bar = make("div", { className: "lead-bar" });
      bar.append(this.playButton, this.range, this.output);

      this.select = make("select", { title: "speed" });
      this.select.setAttribute("aria-label", "speed");
      this.select.append(...SPEEDS.map((s) => make("option", { value: s, textContent: `${s}×`, selected: s === 1 })));
      this.select.onchange = () => { this.speed = Number(this.select.value); };
      const toggle = (label, on, change) => {
        const button = make("button", { type: "button", textContent: label });
        button.setAttribute("aria-pressed", on);
        button.onclick = () => {
          on = !on;
          button.setAttribute("aria-pressed", on);
          change(on);
          this.dirty = true;
        };
        return button;
      };
      this.loopButton = toggle("Loop", true, (on) => { this.looping = on; });
      const view = make("button", { type: "button", textContent: "Reset view" });
      view.onclick = () => this.reset();
      const legend = make("span", { className: "lead-legend" });
      for (const [name, colour] of [["left", "--left"], ["right", "--right"]]) {
        const mark = make("i");
        mark.style.background = `var(${colour})`;
        const entry = make("span");
        entry.append(mark, name);
        legend.append(entry);
      }
      const more = make("div", { className: "lead-more" });
      more.append(
        this.select, this.loopButton,
        toggle("Path", true, (on) => { this.shows.path = on; }),
        toggle("Contacts", true, (on) => { this.shows.contacts = on; }),
        view, legend,
        make("p", {
          className: "lead-help",
          textContent: "Drag to orbit, wheel or pinch to zoom · space plays · ← → one frame · ↑ ↓ speed · "
            + "Home to the start · L loop · R view · grid 0.5 m",
        }),
      );
      this.root.append(grid, bar, more);
      this.root.tabIndex = 0;
      const alone = document.querySelectorAll(".lead-player").length === 1;
      (alone ? document : this.root).addEventListener("keydown", (event) => this.press(event));
    }
    listen(canvas) {
      const held = new Map();
      const spread = () => {
        const [one, two] = [...held.values()];
        return Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY);
      };
      canvas.addEventListener("pointerdown", (event) => {
        held.set(event.pointerId, event);
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        const before = held.get(event.pointerId);
        if (!before) return;
        const old = held.size === 2 ? spread() : 0;
        held.set(event.pointerId, event);
        if (held.size === 1) {
          this.view.azimuth -= 0.4 * (event.clientX - before.clientX);
          this.view.elevation = clamp(this.view.elevation + 0.3 * (event.clientY - before.clientY), 0, 89);
        } else if (held.size === 2 && old) {
          this.zoom(spread() / old);
        }
        this.dirty = true;
      });
      ["pointerup", "pointercancel"].forEach((name) => (
        canvas.addEventListener(name, (event) => held.delete(event.pointerId))));
      canvas.addEventListener("wheel", (event) => {
        event.preventDefault();
        this.zoom(Math.exp(-0.0015 * clamp(event.deltaY, -120, 120)));
      }, { passive: false });
      canvas.addEventListener("dblclick", () => this.reset());
    }
    press(event) {
      const tag = event.target.tagName;
      if (event.ctrlKey || event.metaKey || event.altKey || tag === "SELECT" || tag === "TEXTAREA") return;
      if (event.key === " " && tag === "BUTTON") return;
      const frame = Math.round(this.now * this.fastest);
      const step = (change) => { this.setPlaying(false); this.seek(frame + change); };
      const faster = (change) => {
        this.select.selectedIndex = clamp(this.select.selectedIndex + change, 0, SPEEDS.length - 1);
        this.speed = Number(this.select.value);
      };
      const does = {
        " ": () => this.setPlaying(!this.playing), ArrowLeft: () => step(-1), ArrowRight: () => step(1),
        ...(this.data.plain ? {} : { ArrowUp: () => faster(1), ArrowDown: () => faster(-1) }),
        Home: () => this.seek(0), End: () => step(1e9),
        l: () => this.loopButton.click(), r: () => this.reset(),
      }[event.key.length > 1 ? event.key : event.key.toLowerCase()];
      if (does) {
        event.preventDefault();
        does();
      }
    }
    reset() {
      this.view = { azimuth: this.data.azimuth, elevation: this.data.elevation, zoom: 1 };
      this.dirty = true;
    }
    zoom(factor) {
      this.view.zoom = clamp(this.view.zoom * factor, 0.3, 6);
      this.dirty = true;
    }
    setPlaying(playing) {
      if (playing && !this.looping && this.now >= this.seconds - 1 / this.fastest) this.now = 0;
      this.playing = playing;
      this.then = null;
      const label = playing ? "pause" : "play";
      this.playButton.setAttribute("aria-label", label);
      this.icon.setAttribute("d", ICONS[label]);
      this.dirty = true;
    }
    seek(frame) {
      this.now = clamp(frame, 0, Number(this.range.max)) / this.fastest;
      this.dirty = true;
    }
    recolour() {
      const style = getComputedStyle(this.root);
      const read = (name) => style.getPropertyValue(name).trim();
      const numbers = (name) => read(name).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16));
      this.colours = {
        page: read("--page"), grid: read("--grid"), path: read("--path"), shadow: read("--shadow"),
        faint: `rgba(${numbers("--path")}, 0.35)`, parts: PARTS.map(numbers),
        dark: Number(read("--dark")),
      };
      this.dirty = true;
    }
    resize() {
      this.panels.forEach((panel) => panel.resize());
      this.dirty = true;
    }
    tick(at) {
      this.asked = null;
      if (!this.seen) return;
      if (this.playing) {
        const passed = this.then === null ? 0 : Math.min(at - this.then, 250) / 1000;
        this.now += passed * this.speed;
        this.then = at;
        this.root.dispatchEvent(new CustomEvent("lead-played", { bubbles: true, detail: passed }));
        if (this.now >= this.seconds) {
          if (this.looping) this.now %= this.seconds;
          else { this.now = (Number(this.range.max)) / this.fastest; this.setPlaying(false); }
        }
      }
      if (this.playing || this.dirty) this.draw();
      this.ask();
    }
    draw() {
      this.dirty = false;
      /* One scale and one height of the ground for all. */
      const high = Math.max(...this.motions.map((motion) => motion.reach.high));
      const scale = Math.min(...this.panels.map((panel) => panel.fits(high)));
      this.panels.forEach((panel) => panel.draw(this.now, scale, high));
      const frame = Math.min(Math.floor(this.now * this.fastest + 1e-6), Number(this.range.max));
      this.range.value = frame;
      this.output.textContent = `${this.now.toFixed(2)} s · frame ${frame + 1} / ${Number(this.range.max) + 1}`;
    }
  }

  const start = () => document.querySelectorAll(".lead-player").forEach((root) => new Player(root));
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();

// The offline viewer of one object: orbit, parts by name, boxes, explode, joints, animations. It needs three.min.js.
// Data are in the graph's frame (metres, +x right, +y away, +z up); the GLB and this scene are y up.
"use strict";

const BACKGROUND = "#eceff1";  // white parts stand out from it
const APART = 1.3;  // how far parts move out at most, as a share of their distance from the middle

const yUp = ([x, y, z]) => new Three.Vector3(x, z, -y);

class Part {
  constructor(entry, object) {
    this.entry = entry;
    this.object = object;
    this.rest = null;
    this.meshes = [];
    this.centre = yUp(entry.box.center);
    this.away = new Three.Vector3();
    this.box = this.makeBox(entry);
    if (object) this.take(object);
  }

  take(object) {
    object.updateMatrix();
    this.rest = object.matrix.clone();
    const seen = new Three.Box3().setFromObject(object);
    if (!seen.isEmpty()) seen.getCenter(this.centre);
    object.traverse((one) => {
      if (!one.isMesh) return;
      one.material = one.material.clone();
      one.userData.part = this;
      one.userData.shaded = one.material;
      one.userData.glow = one.material.emissive.clone();
      this.meshes.push(one);
    });
  }

  makeBox(entry) {
    const [w, d, h] = entry.box.size;
    const more = 0.003 * Math.max(w, d, h);  // else a side and a face of the part in one plane flicker
    const shape = new Three.BoxGeometry(w + more, h + more, d + more);
    const group = new Three.Group();
    const colour = new Three.Color(entry.colour);
    this.sides = new Three.Mesh(shape, new Three.MeshBasicMaterial(
      { color: colour, transparent: true, opacity: 0.16, depthWrite: false, side: Three.DoubleSide, toneMapped: false }));
    this.edges = new Three.LineSegments(new Three.EdgesGeometry(shape),
      new Three.LineBasicMaterial({ color: colour, toneMapped: false }));
    group.add(this.sides, this.edges);
    group.position.copy(yUp(entry.box.center));
    group.userData.home = group.position.clone();
    return group;
  }

  mark(on) {
    const colour = new Three.Color(this.entry.colour);
    for (const mesh of this.meshes) {
      mesh.userData.shaded.emissive.copy(mesh.userData.glow);
      if (on) mesh.userData.shaded.emissive.lerp(colour, 0.45);
    }
    this.sides.material.opacity = on ? 0.34 : 0.16;
  }
}

// A map as it is, without light: "albedo", or the green or the blue of the other one as grey; null without pictures.
function bare(shaded, look) {
  const map = look === "albedo" ? shaded.map : shaded.roughnessMap;
  if (!map) return null;
  const material = new Three.MeshBasicMaterial({ map, side: shaded.side, toneMapped: false });
  if (look === "albedo") return material;
  const grey = `diffuseColor.rgb = vec3(pow(texture2D(map, vMapUv).${look === "roughness" ? "g" : "b"}, 2.2));`;
  material.onBeforeCompile = (shader) => {
    shader.fragmentShader = shader.fragmentShader.replace("#include <map_fragment>", grey);
  };
  material.customProgramCacheKey = () => look;
  return material;
}

class Stage {
  constructor(holder, info) {
    this.holder = holder;
    this.info = info;
    this.canvas = holder.querySelector("canvas");
    this.renderer = new Three.WebGLRenderer({ canvas: this.canvas, antialias: true, alpha: false });
    this.renderer.setPixelRatio(Math.min(window.devicePixelRatio || 1, 2));
    this.renderer.toneMapping = Three.NeutralToneMapping;
    this.scene = new Three.Scene();
    this.scene.background = new Three.Color(BACKGROUND);
    this.light();
    this.camera = new Three.PerspectiveCamera(32, 1, 0.01, 100);
    this.controls = new Three.OrbitControls(this.camera, this.canvas);
    this.controls.addEventListener("change", () => this.request());
    this.boxes = new Three.Group();
    this.boxes.visible = false;
    this.scene.add(this.boxes);
    this.parts = new Map();
    this.pose = new Map();
    this.apart = 0;
    this.chosen = null;
    this.pending = false;
  }

  // A room to be mirrored in takes a processor five seconds: without a graphics card there are lamps, and metals are
  // shown less metallic, because nothing is there for them to mirror. "#room" behind the address asks for the room.
  light() {
    const told = this.renderer.getContext().getExtension("WEBGL_debug_renderer_info");
    const card = told ? String(this.renderer.getContext().getParameter(told.UNMASKED_RENDERER_WEBGL)) : "";
    this.lamps = /swiftshader|llvmpipe|software|basic render/i.test(card) && location.hash !== "#room";
    const lamp = (strength, x, y, z) => {
      const light = new Three.DirectionalLight("#ffffff", strength);
      light.position.set(x, y, z);
      this.scene.add(light);
    };
    lamp(this.lamps ? 2.2 : 1.6, -2, 4, 3);
    if (this.lamps) {
      lamp(1.3, 3, 2, 3);
      lamp(0.9, 0, 2, -4);
      this.scene.add(new Three.HemisphereLight("#ffffff", "#b4b0aa", 2.2));
      return;
    }
    const studio = new Three.PMREMGenerator(this.renderer);
    this.scene.environment = studio.fromScene(new Three.RoomEnvironment(), 0.04).texture;
    this.scene.environmentIntensity = 0.75;
  }

  async load(bytes) {
    const gltf = await new Promise((done, failed) => new Three.GLTFLoader().parse(bytes, "", done, failed));
    this.model = gltf.scene;
    this.scene.add(this.model);
    this.model.updateMatrixWorld(true);
    const found = new Map();
    this.flat = true;
    this.model.traverse((one) => {
      const place = gltf.parser.associations.get(one);
      if (!place || place.nodes === undefined || one === this.model) return;
      const name = gltf.parser.json.nodes[place.nodes].name;
      if (name !== undefined && !found.has(name)) {
        found.set(name, one);
        this.flat = this.flat && one.parent === this.model;
      }
    });
    for (const entry of this.info.components) {
      const part = new Part(entry, found.get(entry.name) || null);
      if (this.lamps) for (const mesh of part.meshes) mesh.material.metalness *= 0.4;
      this.parts.set(entry.name, part);
      this.boxes.add(part.box);
    }
    this.clips = gltf.animations;
    this.mixer = this.clips.length ? new Three.AnimationMixer(this.model) : null;
    this.extent = new Three.Box3().setFromObject(this.model);
    for (const part of this.parts.values()) this.extent.expandByObject(part.box);
    const middle = this.extent.getCenter(new Three.Vector3());
    for (const part of this.parts.values()) part.away = part.centre.clone().sub(middle).multiplyScalar(APART);
    this.floor();
    this.home();
    new ResizeObserver(() => this.request()).observe(this.holder);
  }

  floor() {
    const size = this.extent.getSize(new Three.Vector3()).length() * 1.6;
    const grid = new Three.GridHelper(size, 16, "#b4babe", "#d3d8db");
    grid.position.y = Math.min(0, this.extent.min.y) - size * 0.0005;
    this.scene.add(grid);
  }

  home() {
    const middle = this.extent.getCenter(new Three.Vector3());
    const radius = this.extent.getSize(new Three.Vector3()).length() / 2;
    const far = radius / Math.sin((this.camera.fov * Math.PI) / 360) * 1.06;
    this.camera.near = far / 100;
    this.camera.far = far * 20;
    this.camera.position.copy(new Three.Vector3(0.55, 0.42, 1).normalize().multiplyScalar(far).add(middle));
    this.controls.target.copy(middle);
    this.controls.update();
    this.request();
  }

  turn(sideways, upwards) {
    const arm = this.camera.position.clone().sub(this.controls.target);
    const flat = Math.hypot(arm.x, arm.z), length = arm.length();
    const around = Math.atan2(arm.x, arm.z) + sideways;
    const up = Math.max(-1.5, Math.min(1.5, Math.atan2(arm.y, flat) + upwards));
    arm.set(Math.sin(around) * Math.cos(up), Math.sin(up), Math.cos(around) * Math.cos(up)).multiplyScalar(length);
    this.camera.position.copy(this.controls.target).add(arm);
    this.controls.update();
    this.request();
  }

  show(name, on) {
    const part = this.parts.get(name);
    if (part && part.object) part.object.visible = on;
    this.request();
  }

  look(how) {
    for (const part of this.parts.values()) {
      for (const mesh of part.meshes) {
        mesh.material = (how !== "shaded" && bare(mesh.userData.shaded, how)) || mesh.userData.shaded;
      }
    }
    this.request();
  }

  choose(name) {
    for (const [one, part] of this.parts) part.mark(one === name);
    this.chosen = name;
    this.request();
  }

  pick(x, y) {
    const frame = this.canvas.getBoundingClientRect();
    const at = new Three.Vector2(((x - frame.left) / frame.width) * 2 - 1, 1 - ((y - frame.top) / frame.height) * 2);
    const ray = new Three.Raycaster();
    ray.setFromCamera(at, this.camera);
    const hit = ray.intersectObject(this.model, true).find((one) => one.object.userData.part &&
      one.object.userData.part.object.visible);
    return hit ? hit.object.userData.part.entry.name : null;
  }

  move(joint) {
    const value = (axis) => this.pose.get(`${joint.name} ${axis}`) || 0;
    const around = (axis, degrees) => new Three.Matrix4().makeRotationAxis(yUp(axis), (degrees * Math.PI) / 180);
    if (joint.type === "slider") return new Three.Matrix4().setPosition(yUp(joint.axis).multiplyScalar(value("")));
    const pivot = yUp(joint.origin);
    const turned = joint.type === "ball"
      ? around([0, 0, 1], value("z")).multiply(around([0, 1, 0], value("y"))).multiply(around([1, 0, 0], value("x")))
      : around(joint.axis, value(""));
    return new Three.Matrix4().setPosition(pivot).multiply(turned)
      .multiply(new Three.Matrix4().setPosition(pivot.negate()));
  }

  explode(apart) {
    const arm = this.camera.position.clone().sub(this.controls.target);
    arm.multiplyScalar((1 + APART * apart) / (1 + APART * this.apart));  // the eye steps back as the parts move out
    this.camera.position.copy(this.controls.target).add(arm);
    this.controls.update();
    this.apart = apart;
    this.place();
  }

  place() {
    for (const part of this.parts.values()) {
      const shift = part.away.clone().multiplyScalar(this.apart);
      part.box.position.copy(part.box.userData.home).add(shift);
      if (!part.object || !this.flat) continue;
      const matrix = new Three.Matrix4().setPosition(shift);
      for (const name of part.entry.moved_by) matrix.multiply(this.move(this.info.joints[name]));
      matrix.multiply(part.rest);
      matrix.decompose(part.object.position, part.object.quaternion, part.object.scale);
    }
    this.request();
  }

  play(on) {
    if (!this.mixer) return;
    this.mixer.stopAllAction();
    this.playing = on;
    if (!on) return this.place();
    for (const clip of this.clips) this.mixer.clipAction(clip).play();
    let last = performance.now();
    const step = (now) => {
      if (!this.playing) return;
      this.mixer.update((now - last) / 1000);
      last = now;
      this.draw();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  request() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => { this.pending = false; this.draw(); });
  }

  draw() {
    const width = this.holder.clientWidth, height = this.holder.clientHeight;
    if (!width || !height) return;
    const ratio = this.renderer.getPixelRatio();
    if (this.canvas.width !== Math.floor(width * ratio) || this.canvas.height !== Math.floor(height * ratio)) {
      this.renderer.setSize(width, height, false);
      this.camera.aspect = width / height;
      this.camera.updateProjectionMatrix();
    }
    this.renderer.render(this.scene, this.camera);
    document.documentElement.dataset.ready = "yes";
  }
}

class Panel {
  constructor(stage) {
    this.stage = stage;
    this.listen();
  }

  each(selector, act) { document.querySelectorAll(selector).forEach(act); }

  listen() {
    const stage = this.stage, byId = (id) => document.getElementById(id);
    this.each("input[data-show]", (box) => box.addEventListener("change",
      () => stage.show(box.dataset.show, box.checked)));
    this.each("button[data-choose]", (button) => button.addEventListener("click",
      () => this.choose(stage.chosen === button.dataset.choose ? null : button.dataset.choose)));
    byId("boxes").addEventListener("change", (event) => { stage.boxes.visible = event.target.checked; stage.request(); });
    byId("explode").addEventListener("input", (event) => stage.explode(Number(event.target.value)));
    if (byId("look")) byId("look").addEventListener("change", (event) => stage.look(event.target.value));
    byId("all").addEventListener("click", () => this.showAll());
    byId("home").addEventListener("click", () => stage.home());
    this.each("input[data-joint]", (range) => range.addEventListener("input", () => {
      const metres = range.dataset.unit === "m";
      stage.pose.set(`${range.dataset.joint} ${range.dataset.axis}`, Number(range.value));
      range.nextElementSibling.textContent = Number(range.value).toFixed(metres ? 3 : 0) + (metres ? " m" : "\u00b0");
      stage.place();
    }));
    if (!stage.flat) this.each("input[data-joint], #explode", (range) => { range.disabled = true; });
    byId("play").hidden = !stage.mixer;
    byId("play").addEventListener("click", (event) => {
      stage.play(!stage.playing);
      event.target.textContent = stage.playing ? "Stop" : "Play";
    });
    let down = null;
    stage.canvas.addEventListener("pointerdown", (event) => { down = [event.clientX, event.clientY]; });
    stage.canvas.addEventListener("pointerup", (event) => {
      if (down && Math.hypot(event.clientX - down[0], event.clientY - down[1]) < 4) {
        this.choose(stage.pick(event.clientX, event.clientY), true);
      }
      down = null;
    });
    const keys = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, 0.12], ArrowDown: [0, -0.12] };
    stage.canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key]) return;
      event.preventDefault();
      stage.turn(...keys[event.key]);
    });
  }

  showAll() {
    this.each("input[data-show]", (box) => {
      if (box.disabled) return;
      box.checked = true;
      this.stage.show(box.dataset.show, true);
    });
  }

  choose(name, scroll) {
    this.stage.choose(name);
    document.getElementById("status").textContent = name || "";
    this.each("li[data-part]", (item) => {
      const on = item.dataset.part === name;
      item.classList.toggle("chosen", on);
      item.querySelector("button[data-choose]").setAttribute("aria-pressed", on);
      if (on) {
        item.querySelector("details").open = true;
        if (scroll) item.scrollIntoView({ block: "nearest" });
      }
    });
  }
}

(async () => {
  const holder = document.getElementById("stage");
  try {
    const text = atob(document.getElementById("glb").textContent);
    const bytes = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const stage = new Stage(holder, JSON.parse(document.getElementById("object").textContent));
    await stage.load(bytes.buffer);
    new Panel(stage);
  } catch (error) {
    const why = String(error.message || error).replace(/\.$/, "");
    holder.querySelector("p").textContent = `The model cannot be shown here: ${why}. ` +
      "The parts are listed beside; a viewer of GLB files shows the exported model.";
    holder.classList.add("failed");
    document.documentElement.dataset.ready = "failed";
  }
})();

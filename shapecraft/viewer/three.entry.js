// What model.js uses of three.js; scripts/three.sh bundles it into three.min.js.
export {
  AnimationMixer, Box3, BoxGeometry, Color, DirectionalLight, DoubleSide, EdgesGeometry, GridHelper, Group,
  HemisphereLight, LineBasicMaterial, LineSegments, Matrix4, Mesh, MeshBasicMaterial, NeutralToneMapping, PerspectiveCamera,
  PMREMGenerator, Raycaster, Scene, Vector2, Vector3, WebGLRenderer,
} from "three";
export { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
export { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
export { RoomEnvironment } from "three/examples/jsm/environments/RoomEnvironment.js";

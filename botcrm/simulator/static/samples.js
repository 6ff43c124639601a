// Made-up attachments, so that a photo or voice message needs no file at hand.

export function toBase64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result.split(",")[1] || ""));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(blob);
  });
}

// A drawing of a house with a roof to repair.
export async function samplePhoto() {
  const canvas = document.createElement("canvas");
  canvas.width = 960;
  canvas.height = 640;
  const pen = canvas.getContext("2d");
  const shape = (color, ...points) => {
    pen.fillStyle = color;
    pen.beginPath();
    points.forEach(([x, y], at) => (at ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.fill();
  };
  const sky = pen.createLinearGradient(0, 0, 0, 460);
  sky.addColorStop(0, "#7db7e8");
  sky.addColorStop(1, "#dcecf7");
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 960, 640);
  shape("#86b06a", [0, 640], [0, 450], [300, 420], [960, 470], [960, 640]);
  shape("#efe3cf", [270, 540], [270, 320], [690, 320], [690, 540]);
  shape("#b5523b", [230, 330], [480, 150], [730, 330]);
  shape("#7d3325", [540, 240], [580, 225], [620, 275], [570, 280]);
  shape("#6b4a35", [450, 540], [450, 420], [520, 420], [520, 540]);
  for (const x of [320, 590]) shape("#9cc4de", [x, 380], [x + 70, 380], [x + 70, 450], [x, 450]);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  return toBase64(blob);
}

// Two seconds of a soft tone as a WAV file.
export function sampleVoice() {
  const rate = 8000;
  const count = rate * 2;
  const bytes = new Uint8Array(44 + count);
  const view = new DataView(bytes.buffer);
  const write = (at, text) => [...text].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + count, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  write(36, "data");
  view.setUint32(40, count, true);
  for (let i = 0; i < count; i += 1) {
    bytes[44 + i] = 128 + 40 * Math.sin((i / rate) * 2 * Math.PI * (300 + 60 * Math.sin(i / 1500))) * Math.sin((Math.PI * i) / count);
  }
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

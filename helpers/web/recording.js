// What the book recorded of a stage's model when it was built: read from its pack, and played.
const isNumber = (number) => Number.isFinite(number);
const isPositive = (number) => Number.isFinite(number) && number > 0;
const isText = (text) => typeof text === "string";
const isRecord = (record) => record !== null && typeof record === "object" && !Array.isArray(record);
const isListOf = (list, fits) => Array.isArray(list) && list.length > 0 && list.every(fits);

// Whether a header says all that drawing and playing lean on, as `helpers/stage.py` and `helpers/record.py` write it.
function isWhole({ layers, colors, tools, live, pace, every, plane, words, starts, recordings }) {
  const isPlane = (sides) => isListOf(sides, isPositive) && sides.length === 2;
  const isLayer = ([name, { type, top, width, between, columns }]) => isListOf(colors[name], isText) && (
    type === "Points" ? isText(columns) && columns.startsWith("x y")
      : isPositive(top) && (type === "Field" || (type === "Edges" && isPositive(width) && layers[between]?.type === "Points")));
  const isDrawn = (name, shape, columns) => {
    if (!isListOf(shape, (length) => Number.isInteger(length) && length >= 0) || shape.length !== 2) return false;
    if (!isListOf(columns, ({ low, high, levels }) => [low, high].every(isNumber) && isPositive(levels))) return false;
    const { type, columns: names } = layers[name];
    if (type === "Field") return columns.length === 1 && shape.every(isPositive);
    return columns.length === shape[1] && shape[1] === (type === "Edges" ? 3 : names.split(" ").length);
  };
  const inOrder = Object.keys(layers).join();
  const isRun = (run) => isPlane(run.plane) && isListOf(run.steps, isNumber) && isListOf(run.readouts, isText)
    && run.steps.length === run.readouts.length
    && [run.shapes, run.columns].every((named) => Object.keys(named).join() === inOrder)
    && Object.keys(layers).every((name) => isDrawn(name, run.shapes[name], run.columns[name]));
  return Object.entries(layers).every(isLayer) && isListOf(recordings, isRun) && isRecord(tools) && Array.isArray(live)
    && isPositive(pace) && isPositive(every) && isPlane(plane)
    && Array.isArray(words) && words.every(([x, y, text]) => isNumber(x) && isNumber(y) && isText(text))
    && isListOf(starts, isRecord) && starts.length === recordings.length;
}

// Frames decoded from a pack; `helpers/record.py` says how it is laid out.
class Recording {
  constructor(bytes) {
    try {
      const length = new DataView(bytes).getUint32(0, true);
      this.header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
      this.data = new Uint8Array(bytes, 4 + length);
      if (!isWhole(this.header)) throw new Error("the recording is not as it was made");
      this.find();
    } catch (error) {
      throw new Error(`its states are damaged (${error.message})`);
    }
  }

  // Where each column's numbers are.
  find() {
    let start = 0;
    for (const run of this.header.recordings) {
      for (const [layer, columns] of Object.entries(run.columns)) {
        const count = run.shapes[layer].reduce((product, size) => product * size, 1) / columns.length;
        for (const column of columns) {
          Object.assign(column, { start, count });
          start += 2 * count * run.steps.length;
        }
      }
    }
    if (start !== this.data.length) throw new Error("the recording is incomplete");
  }

  frames(scenario) {
    return this.header.recordings[scenario].steps.length;
  }

  // The numbers of a column, each through all its frames: summed up when its scenario is first shown.
  values(column, frames) {
    if (!column.values) {
      const values = new Uint16Array(column.count * frames);
      const low = this.data.subarray(column.start, column.start + values.length);
      const high = this.data.subarray(column.start + values.length);
      for (let i = 0; i < values.length;) {
        let value = 0;
        for (const end = i + frames; i < end; i += 1) {
          value += low[i] + 256 * high[i];
          values[i] = value;
        }
      }
      column.values = values;
    }
    return column.values;
  }

  frame(scenario, number) {
    const run = this.header.recordings[scenario];
    const frames = run.steps.length;
    const all = Object.values(run.columns);
    const scene = new Float64Array(all.flat().reduce((sum, { count }) => sum + count, 0));
    let start = 0;
    for (const columns of all) {
      columns.forEach((column, place) => {
        const values = this.values(column, frames);
        const { low, high, levels, count } = column;
        for (let row = 0; row < count; row += 1) {
          const level = values[row * frames + number];
          scene[start + row * columns.length + place] = level === 65535 ? NaN : low + (high - low) * level / levels;
        }
      });
      start += columns.length * columns[0].count;
    }
    return { said: { step: run.steps[number], readout: run.readouts[number], plane: run.plane,
                     shapes: run.shapes, reached: false, refused: [] },
             scene };
  }
}

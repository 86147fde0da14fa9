// Makes every call of the official SDK, then those that it is given, and prints what came back.
// Key and address of the simulator are in the environment, as the SDK reads them.

const { readFileSync } = require("node:fs");
const { LumaAI } = require("lumaai");

const client = new LumaAI({ maxRetries: 0 });
const { generations } = client;
const prompt = "a quiet lake";

async function ended(generation) {
  for (;;) {
    const found = await generations.get(generation.id);
    if (found.state === "completed" || found.state === "failed") return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function refusal(call) {
  try {
    await call;
  } catch (error) {
    return [error.constructor.name, error.status];
  }
  return null;
}

async function everyCall() {
  const picture = await ended(await generations.image.create({ model: "photon-1", prompt }));
  const video = await ended(await generations.video.create({ model: "ray-2", prompt }));
  const still = { url: picture.assets.image };
  const moving = { url: "https://a.example/video.mp4" };
  const keyframes = { frame0: { type: "generation", id: video.id }, frame1: { type: "image", ...still } };
  const made = [
    await generations.image.create({ model: "photon-1", prompt, sync: true, image_ref: [still] }),
    await generations.image.reframe({
      generation_type: "reframe_image",
      model: "photon-1",
      aspect_ratio: "1:1",
      media: still,
    }),
    await generations.create({ model: "ray-2", prompt, keyframes }),
    await generations.video.reframe({
      generation_type: "reframe_video",
      model: "ray-2",
      aspect_ratio: "1:1",
      media: moving,
    }),
    await generations.video.modify({
      generation_type: "modify_video",
      model: "ray-2",
      mode: "flex_1",
      media: moving,
    }),
    await generations.upscale(video.id, { resolution: "1080p" }),
    await generations.audio(video.id, { prompt }),
  ];
  const states = [picture.state, video.state];
  for (const one of made) states.push((await ended(one)).state);
  const listed = await generations.list({ limit: 100, offset: 0 });
  await generations.delete(picture.id);
  return {
    ping: (await client.ping.check()).message,
    credits: (await client.credits.get()).credit_balance,
    concepts: await generations.concepts.list(),
    states,
    listed: listed.generations.map((one) => one.id).reverse(),
    made: [picture, video, ...made].map((one) => one.id),
    refused: [
      await refusal(generations.get(picture.id)),
      await refusal(generations.image.create({ model: "photon-1", prompt: "ab" })),
      await refusal(generations.image.create({ model: "photon-9", prompt })),
      await refusal(new LumaAI({ authToken: "invalid", maxRetries: 0 }).credits.get()),
    ],
    video: video.id,
  };
}

async function exampleOf({ path, body }, video) {
  if (path.endsWith("get")) return generations.get(video);
  if (path.endsWith("delete")) {
    const made = await generations.image.create({ prompt });
    return generations.delete(made.id);
  }
  const names = path.split(".");
  const resource = names.length > 1 ? generations[names[0]] : generations;
  return resource[names.at(-1)](body);
}

async function main() {
  const found = await everyCall();
  found.examples = [];
  for (const example of JSON.parse(readFileSync(0, "utf8"))) {
    await exampleOf(example, found.video);
    found.examples.push(example.path);
  }
  process.stdout.write(JSON.stringify(found));
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});

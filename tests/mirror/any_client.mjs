// What huggingface.js makes of the mirror at argv[2]: a JSON object, of each thing that was tried "ok" or the error.
// Argument 3 is a file with what is expected, 4 a folder that may be written into.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as hub from "@huggingface/hub";

const [hubUrl, expectedPath, scratch] = process.argv.slice(2);
const expected = JSON.parse(readFileSync(expectedPath, "utf-8"));
const repo = "datasets/tinytorch/tinydigits";
const parquet = "data/default/train-00000-of-00001.parquet";
const sha256 = async (blob) => createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");
const all = async (generator) => {
	const found = [];
	for await (const one of generator) found.push(one);
	return found;
};
const status = (code) => (error) => error.statusCode === code;

const checks = {
	"listDatasets by owner, tags and query": async () => {
		const names = async (search, more = {}) => (await all(hub.listDatasets({ hubUrl, search, ...more }))).map((one) => one.name);
		assert.deepEqual((await names({})).sort(), [...expected.ids].sort());
		assert.deepEqual(
			(await names({ owner: "tinytorch", query: "digits", tags: ["task_categories:image-classification"] })).sort(),
			expected.digits,
		);
		assert.deepEqual(await names({ tags: ["language:xx"] }), []);
		assert.equal((await names({}, { limit: 2, sort: "id" })).length, 2);
	},
	"datasetInfo with HEAD, a tag, more fields": async () => {
		const info = await hub.datasetInfo({ hubUrl, name: "tinytorch/tinydigits", additionalFields: ["tags", "cardData", "sha"] });
		assert.equal(info.cardData.license, "cc-by-4.0");
		assert.ok(info.tags.includes("license:cc-by-4.0") && info.updatedAt instanceof Date && /^[0-9a-f]{24}$/.test(info.id));
		const tagged = await hub.datasetInfo({ hubUrl, name: "tinytorch/tinydigits", revision: "v1.0.0", additionalFields: ["sha"] });
		assert.equal(tagged.sha, expected.commit);
	},
	"listFiles, pathsInfo": async () => {
		const files = await all(hub.listFiles({ hubUrl, repo, recursive: true, expand: true }));
		assert.deepEqual(files.filter((one) => one.type === "file").map((one) => one.path).sort(), expected.files);
		assert.ok(files.every((one) => one.lastCommit.id === expected.commit));
		const [info] = await hub.pathsInfo({ hubUrl, repo, paths: [parquet, "nothing"], expand: true });
		assert.equal(info.size, expected.parquet_bytes);
		assert.equal(info.lfs, undefined);
	},
	"fileDownloadInfo, fileExists by raw": async () => {
		for (const raw of [true, false]) {
			const info = await hub.fileDownloadInfo({ hubUrl, repo, path: parquet, raw });
			assert.equal(info.size, expected.parquet_bytes);
			assert.match(info.etag, /^"[0-9a-f]{40}"$/);
		}
		assert.equal(await hub.fileDownloadInfo({ hubUrl, repo, path: "nothing" }), null);
		assert.equal(await hub.fileExists({ hubUrl, repo, path: parquet }), true);
		assert.equal(await hub.fileExists({ hubUrl, repo, path: "nothing" }), false);
	},
	"downloadFile, whole and in parts": async () => {
		const blob = await hub.downloadFile({ hubUrl, repo, path: parquet });
		assert.equal(await sha256(blob), expected.parquet);
		assert.equal(await blob.slice(blob.size - 4).text(), "PAR1");
		const converted = await hub.downloadFile({ hubUrl, repo, path: "default/train/0000.parquet", revision: "refs/convert/parquet" });
		assert.equal(await sha256(converted), expected.parquet);
	},
	"snapshotDownload": async () => {
		const folder = await hub.snapshotDownload({ hubUrl, repo: { type: "dataset", name: "tinytorch/tinydigits" }, cacheDir: scratch });
		assert.equal(createHash("sha256").update(readFileSync(`${folder}/${parquet}`)).digest("hex"), expected.parquet);
	},
	"listCommits, countCommits": async () => {
		assert.deepEqual((await all(hub.listCommits({ hubUrl, repo }))).map((one) => one.oid), [expected.commit]);
		assert.equal(await hub.countCommits({ hubUrl, repo }), 1);
	},
	"repoExists, checkRepoAccess of what is and is not there": async () => {
		assert.equal(await hub.repoExists({ hubUrl, repo }), true);
		assert.equal(await hub.repoExists({ hubUrl, repo: { type: "model", name: "openai-community/gpt2" } }), false);
		await hub.checkRepoAccess({ hubUrl, repo });
		await assert.rejects(hub.checkRepoAccess({ hubUrl, repo: "gpt2" }), status(404));
		await assert.rejects(hub.modelInfo({ hubUrl, name: "openai-community/gpt2" }), status(404));
		await assert.rejects(hub.spaceInfo({ hubUrl, name: "a/b" }), status(404));
		assert.deepEqual(await all(hub.listModels({ hubUrl })), []);
	},
	"whoAmI is refused, and so is writing": async () => {
		await assert.rejects(hub.whoAmI({ hubUrl, accessToken: "hf_wrong" }), status(401));
		await assert.rejects(hub.createRepo({ hubUrl, repo, accessToken: "hf_wrong" }), status(405));
		const file = { path: "x", content: new Blob(["x"]) };
		await assert.rejects(hub.uploadFile({ hubUrl, repo, file, accessToken: "hf_wrong" }));
	},
};

const outcomes = {};
for (const [name, check] of Object.entries(checks)) {
	try {
		await check();
		outcomes[`huggingface.js: ${name}`] = "ok";
	} catch (error) {
		outcomes[`huggingface.js: ${name}`] = String(error?.stack ?? error).slice(0, 500);
	}
}
console.log("\n" + JSON.stringify(outcomes));

// For huggingface.js's own tests: what they ask of the Hub is asked of the server of REPLAY_ENDPOINT.

const original = globalThis.fetch;
const hubs = /^https:\/\/(huggingface\.co|hub-ci\.huggingface\.co)(?=\/|$)/;

globalThis.fetch = (resource, options) => {
	const isRequest = resource instanceof Request;
	const address = (isRequest ? resource.url : String(resource)).replace(hubs, process.env.REPLAY_ENDPOINT);
	return isRequest ? original(new Request(address, resource), options) : original(address, options);
};

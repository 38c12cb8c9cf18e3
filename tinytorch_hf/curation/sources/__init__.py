"""Where samples come from: arrays, folders of files, tables that Hugging Face's library streams, datasets in memory."""

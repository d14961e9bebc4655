// Ends the process as soon as it is loaded.
process.exit(7);

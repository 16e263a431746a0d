"""One file a format. Each is found by being here; nothing else is edited to add one."""

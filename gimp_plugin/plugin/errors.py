"""What the plug-in tells the user when something is wrong."""


class PluginError(Exception):
    """Something the user can put right. The message is one sentence that says what to do."""

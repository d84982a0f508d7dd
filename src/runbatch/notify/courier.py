"""A program of its own: reads a URL and perhaps a message from stdin, and sends it by Apprise.

It tells by its exit code alone how that went: 0 done, 1 the service did not take it, and one more.
"""

import json
import sys

NOT_UNDERSTOOD = 2
_NOT_SENT = 1


def main() -> int:
    """Send the message, if there is one; return the exit code."""
    import apprise  # noqa: PLC0415  # whoever only starts this program does without it

    order = json.load(sys.stdin)
    asset = apprise.AppriseAsset(app_id="runbatch", app_desc="runbatch")
    service = apprise.Apprise.instantiate(order["url"], asset=asset)
    if service is None:
        return NOT_UNDERSTOOD
    if "message" not in order:
        return 0
    one = apprise.Apprise(service, asset=asset)
    message = order["message"]
    sent = one.notify(
        title=message["title"],
        body=message["body"],
        notify_type=apprise.NotifyType(message["type"]),
        body_format=apprise.NotifyFormat.TEXT,
    )
    return 0 if sent else _NOT_SENT


if __name__ == "__main__":
    sys.exit(main())

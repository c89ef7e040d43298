"""What a handheld shows, to the letter (docs/protocol.md, section 20)."""

ACTIVATING = "Activating"
VERIFYING = "Verifying Encryption"
WAITING = "Encryption Verified. Waiting for Services."
RECEIVED = "Services Received"
COMPLETE = "Activation Complete"

_CODES = {
    1: "This handheld cannot reach the wireless service. It will keep trying.",
    2: "Your mail address could not be reached. Check the address.",
    3: "This activation is meant for another handheld. Ask your administrator.",
    4: "Use your main mail address, the one your administrator gave you.",
    5: "No activation is waiting for this address. Ask your administrator for a new activation password.",
    6: "The request took too long or the clock is wrong. Check date and time, then try again.",
    7: "This software is too old for your organisation's server.",
    8: "The server and this handheld share no encryption method.",
    9: "The request was damaged on the way. Try again.",
    10: "The activation password is not right.",
    11: "Too many wrong passwords from this handheld. Ask your administrator for a new one.",
    12: "The answer did not come from your organisation's server. Nothing was set up. Tell your administrator.",
    13: "This activation password has already been used.",
    14: "The server sent something this software does not understand.",
    15: "Your administrator must approve this handheld. Read out the PIN on the screen.",
    16: "This handheld is not allowed by your organisation. Ask your administrator.",
    17: "Too many tries in a short time. Wait an hour, then try again.",
    18: "Your organisation no longer serves this handheld.",
    19: "The server no longer knows this handheld's key. If this stays, activate again.",
    20: "The wireless service does not accept this handheld's identity.",
    21: "Still waiting. Mail can take some minutes.",
    22: "The server has stopped answering. You can wait or try again.",
    23: "Several answers for this address could not be checked. Ask your administrator for a new password before"
        " trying again.",
    31: "A policy from your organisation could not be verified and was not applied.",
}


def of_code(number, tries=None):
    """The text of a code; tries: what is left after a wrong password."""
    text = _CODES[number]
    if number == 10 and tries is not None:
        text += f" {tries} {'try' if tries == 1 else 'tries'} left."
    return text


def name(number):
    """E10 for 10."""
    return f"E{number:02d}"

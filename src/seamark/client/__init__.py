"""The client of a Seamark server: `Client(url, token)`. It knows nothing of the server's own rooms."""

from seamark.client.client import Client
from seamark.client.shapes import Application, Bulk, Done, Finding, Fix, Issue, Job, Outlook

__all__ = ["Application", "Bulk", "Client", "Done", "Finding", "Fix", "Issue", "Job", "Outlook"]

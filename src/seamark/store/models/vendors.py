"""What vendors say in their advisories (CSAF): documents, their flaws, and the packages that have them or have not."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class VendorDocument(models.Model):
    """A document of a provider, in its newest version."""

    provider = models.CharField(max_length=40)
    """The name that the operator gave it; `imported` for files that somebody brought."""
    publisher = models.CharField(max_length=200, blank=True, default="")
    document = models.CharField(max_length=200)
    """The id that its publisher tracks it by."""
    version = models.CharField(max_length=60, blank=True, default="")
    title = models.TextField(blank=True, default="")
    released_at = models.DateTimeField()
    """When this version came out."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["provider", "publisher", "document"], name="vendor_document_once")
        ]


class VendorAddress(models.Model):
    """An address that documents of a provider were fetched from, to be asked with whether it changed."""

    provider = models.CharField(max_length=40)
    url = models.TextField()
    changed = models.CharField(max_length=60, blank=True, default="")
    """When it changed, in the words of the provider's list."""
    etag = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["provider", "url"], name="vendor_address_once")]


class VendorFlaw(models.Model):
    """What a document says of one vulnerability."""

    document = models.ForeignKey(VendorDocument, on_delete=models.CASCADE, related_name="flaws")
    name = models.CharField(max_length=120, db_index=True)
    """CVE, or what the vendor calls it."""
    cvss = models.PositiveSmallIntegerField(null=True)
    """Base score in tenths."""
    vector = models.CharField(max_length=120, blank=True, default="")
    exploitation = models.TextField(blank=True, default="")
    """The vendor's words on exploitation."""
    exploited = models.DateField(null=True)
    """Since when the vendor knows it to be exploited."""


class VendorStatement(models.Model):
    """Whether a package has the flaw, as a document says."""

    flaw = models.ForeignKey(VendorFlaw, on_delete=models.CASCADE, related_name="statements")
    purl = models.TextField()
    """Canonical, with its version where the document names one."""
    package = models.TextField()
    """`type/namespace/name`, without version and qualifiers."""
    version = models.TextField(blank=True, default="")
    range = models.TextField(blank=True, default="")
    """A range of versions as the document writes it."""
    within = models.TextField(blank=True, default="")
    """The product that the package is a part of, where it is said of it there only."""
    status = models.CharField(max_length=30)
    """`affected`, `not_affected`, `fixed` or `under_investigation`."""
    justification = models.CharField(max_length=200, blank=True, default="")
    detail = models.TextField(blank=True, default="")

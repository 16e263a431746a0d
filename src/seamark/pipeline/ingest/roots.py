"""Which asset owns the fix of what an import finds, by the relations that are stored."""

from __future__ import annotations

from seamark.analysis.correlation.roots import Lineage
from seamark.core.assets import AssetKind, image_name
from seamark.core.finding import Finding
from seamark.core.location import ImageLocation
from seamark.pipeline.ingest.lineage import images_of, lineage_of
from seamark.store.models import Application, Asset, Relation, Stream


class Roots:
    """Answers for one import, and forgets when `forget` says that relations changed."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._lineages: dict[int, Lineage] = {}
        self._images: dict[str, int] = {}
        self._assets: dict[int, Asset] = {}
        self._shared: dict[int, bool] = {}
        self._behind: set[int] = set()
        """Roots that stand behind an image: its base, its repository."""

    def forget(self) -> None:
        """Look everything up anew."""
        self._lineages.clear()
        self._images.clear()
        self._shared.clear()

    def of(self, stream: Stream, finding: Finding) -> int:
        """Return the asset that owns the fix of a finding of a stream: only packages have another one than the asset scanned."""
        asset = stream.asset_id
        if finding.component is None:
            return asset
        start = asset
        location = finding.location
        if type(location) is ImageLocation and location.image and stream.asset.kind != AssetKind.IMAGE:
            start = self._image(location.image) or asset
        if start not in self._lineages:
            self._lineages[start] = lineage_of([start])
        lineage = self._lineages[start]
        if not lineage:
            return start
        root = lineage.root_of(start, finding)
        if len(root.path) > (1 if self._is_image(start, stream) else 2):
            self._behind.add(root.asset)
        return root.asset

    def _is_image(self, start: int, stream: Stream) -> bool:
        return start != stream.asset_id or stream.asset.kind == AssetKind.IMAGE

    def _image(self, reference: str) -> int:
        if reference not in self._images:
            self._images[reference] = images_of([reference]).get(reference, 0)
        return self._images[reference]

    def shared(self, stream: Stream) -> bool:
        """Tell whether an asset has to do with others, so that their findings may be its own."""
        asset = stream.asset_id
        if asset not in self._shared:
            into = Relation.objects.filter(target=asset, until=None)
            out = Relation.objects.filter(source=asset, until=None)
            self._shared[asset] = stream.asset.kind != AssetKind.REPOSITORY or into.exists() or out.exists()
        return self._shared[asset]

    def base_image(self, root: int) -> str:
        """Return the name of the base image that owns a fix; empty where the root is none."""
        if root not in self._behind:
            return ""
        if root not in self._assets:
            self._assets[root] = Asset.objects.get(pk=root)
        asset = self._assets[root]
        return image_name(asset.key) if asset.kind == AssetKind.IMAGE else ""

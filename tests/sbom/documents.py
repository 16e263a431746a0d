"""One small inventory in every form that is read: two packages of an application, the one needing the other."""

from __future__ import annotations

import json
from typing import Any

SHA = "a" * 64


def cyclonedx(**changes: Any) -> dict[str, Any]:
    """Return a CycloneDX document, with some of its fields replaced."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
        "metadata": {
            "timestamp": "2026-01-02T03:04:05Z",
            "tools": {"components": [{"type": "application", "name": "bommer", "version": "2.0"}]},
            "authors": [{"name": "Ada"}],
            "component": {"type": "application", "bom-ref": "app", "name": "shop", "version": "1.0"},
        },
        "components": [library("left-pad", "1.3.0"), library("lodash", "4.17.20")],
        "dependencies": [
            {"ref": "app", "dependsOn": ["pkg:npm/left-pad@1.3.0"]},
            {"ref": "pkg:npm/left-pad@1.3.0", "dependsOn": ["pkg:npm/lodash@4.17.20"]},
        ],
        **changes,
    }


def library(name: str, version: str, licence: str = "MIT", ecosystem: str = "npm") -> dict[str, Any]:
    """Return a component that lacks nothing."""
    purl = f"pkg:{ecosystem}/{name}@{version}"
    return {
        "type": "library",
        "bom-ref": purl,
        "supplier": {"name": "Acme"},
        "name": name,
        "version": version,
        "hashes": [{"alg": "SHA-256", "content": SHA}],
        "licenses": [{"license": {"id": licence}}],
        "purl": purl,
    }


CYCLONEDX_XML = f"""<?xml version="1.0"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.6" serialNumber="urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79">
  <metadata>
    <timestamp>2026-01-02T03:04:05Z</timestamp>
    <tools><components><component type="application"><name>bommer</name><version>2.0</version></component></components></tools>
    <authors><author><name>Ada</name></author></authors>
    <component type="application" bom-ref="app"><name>shop</name><version>1.0</version></component>
  </metadata>
  <components>
    <component type="library" bom-ref="pkg:npm/left-pad@1.3.0">
      <supplier><name>Acme</name></supplier><name>left-pad</name><version>1.3.0</version>
      <hashes><hash alg="SHA-256">{SHA}</hash></hashes>
      <licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/left-pad@1.3.0</purl>
    </component>
    <component type="library" bom-ref="pkg:npm/lodash@4.17.20">
      <supplier><name>Acme</name></supplier><name>lodash</name><version>4.17.20</version>
      <hashes><hash alg="SHA-256">{SHA}</hash></hashes>
      <licenses><expression>MIT</expression></licenses><purl>pkg:npm/lodash@4.17.20</purl>
      <pedigree><ancestors><component type="library"><name>underscore</name></component></ancestors></pedigree>
    </component>
  </components>
  <dependencies>
    <dependency ref="app"><dependency ref="pkg:npm/left-pad@1.3.0"/></dependency>
    <dependency ref="pkg:npm/left-pad@1.3.0"><dependency ref="pkg:npm/lodash@4.17.20"/></dependency>
  </dependencies>
</bom>"""


def spdx(**changes: Any) -> dict[str, Any]:
    """Return an SPDX 2.3 document, with some of its fields replaced."""

    def package(name: str, version: str) -> dict[str, Any]:
        return {
            "SPDXID": f"SPDXRef-{name}",
            "name": name,
            "versionInfo": version,
            "supplier": "Organization: Acme (info@acme.example)",
            "downloadLocation": "NOASSERTION",
            "licenseConcluded": "NOASSERTION",
            "licenseDeclared": "MIT",
            "checksums": [{"algorithm": "SHA256", "checksumValue": SHA}],
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": f"pkg:npm/{name}@{version}",
                }
            ],
        }

    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "shop",
        "documentNamespace": "https://acme.example/shop-1",
        "creationInfo": {"created": "2026-01-02T03:04:05Z", "creators": ["Tool: bommer-2.0", "Person: Ada ()"]},
        "packages": [
            {"SPDXID": "SPDXRef-app", "name": "shop", "versionInfo": "1.0", "downloadLocation": "NOASSERTION"},
            package("left-pad", "1.3.0"),
            package("lodash", "4.17.20"),
        ],
        "relationships": [
            relationship("DOCUMENT", "DESCRIBES", "app"),
            relationship("app", "DEPENDS_ON", "left-pad"),
            relationship("lodash", "DEPENDENCY_OF", "left-pad"),
        ],
        **changes,
    }


def relationship(source: str, kind: str, target: str) -> dict[str, str]:
    """Return a relationship of SPDX 2."""
    return {
        "spdxElementId": f"SPDXRef-{source}",
        "relationshipType": kind,
        "relatedSpdxElement": f"SPDXRef-{target}",
    }


SPDX_TEXT = f"""SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: shop
Creator: Tool: bommer-2.0
Creator: Person: Ada ()
Created: 2026-01-02T03:04:05Z

PackageName: shop
SPDXID: SPDXRef-app
PackageVersion: 1.0

PackageName: left-pad
SPDXID: SPDXRef-left-pad
PackageVersion: 1.3.0
PackageSupplier: Organization: Acme
PackageLicenseDeclared: MIT
PackageChecksum: SHA256: {SHA}
ExternalRef: PACKAGE-MANAGER purl pkg:npm/left-pad@1.3.0

PackageName: lodash
SPDXID: SPDXRef-lodash
PackageVersion: 4.17.20
PackageSupplier: Organization: Acme
PackageLicenseDeclared: MIT
PackageChecksum: SHA256: {SHA}
ExternalRef: PACKAGE-MANAGER purl pkg:npm/lodash@4.17.20
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app
Relationship: SPDXRef-app DEPENDS_ON SPDXRef-left-pad
Relationship: SPDXRef-lodash DEPENDENCY_OF SPDXRef-left-pad
"""


def _yaml_package(name: str, version: str) -> str:
    return f"""- SPDXID: SPDXRef-{name}
  name: {name}
  versionInfo: {version}
  supplier: 'Organization: Acme'
  licenseDeclared: MIT
  checksums:
  - {{algorithm: SHA256, checksumValue: {SHA}}}
  externalRefs:
  - {{referenceCategory: PACKAGE-MANAGER, referenceType: purl, referenceLocator: 'pkg:npm/{name}@{version}'}}
"""


SPDX_YAML = f"""SPDXID: SPDXRef-DOCUMENT
spdxVersion: SPDX-2.3
name: shop
documentNamespace: https://acme.example/shop-1
creationInfo:
  created: 2026-01-02T03:04:05Z
  creators: ['Tool: bommer-2.0', 'Person: Ada ()']
packages:
- SPDXID: SPDXRef-app
  name: shop
  versionInfo: '1.0'
{_yaml_package("left-pad", "1.3.0")}{_yaml_package("lodash", "4.17.20")}relationships:
- {{spdxElementId: SPDXRef-DOCUMENT, relationshipType: DESCRIBES, relatedSpdxElement: SPDXRef-app}}
- {{spdxElementId: SPDXRef-app, relationshipType: DEPENDS_ON, relatedSpdxElement: SPDXRef-left-pad}}
- {{spdxElementId: SPDXRef-lodash, relationshipType: DEPENDENCY_OF, relatedSpdxElement: SPDXRef-left-pad}}
"""


def _rdf_package(name: str, version: str, inner: str = "") -> str:
    return f"""<spdx:Package rdf:about="https://acme.example/shop-1#SPDXRef-{name}">
      <spdx:name>{name}</spdx:name><spdx:versionInfo>{version}</spdx:versionInfo><spdx:supplier>Organization: Acme</spdx:supplier>
      <spdx:licenseConcluded rdf:resource="http://spdx.org/rdf/terms#noassertion"/>
      <spdx:licenseDeclared rdf:resource="http://spdx.org/licenses/MIT"/>
      <spdx:checksum><spdx:Checksum><spdx:algorithm rdf:resource="http://spdx.org/rdf/terms#checksumAlgorithm_sha256"/>
        <spdx:checksumValue>{SHA}</spdx:checksumValue></spdx:Checksum></spdx:checksum>
      <spdx:externalRef><spdx:ExternalRef><spdx:referenceCategory rdf:resource="http://spdx.org/rdf/terms#referenceCategory_packageManager"/>
        <spdx:referenceType rdf:resource="http://spdx.org/rdf/references/purl"/><spdx:referenceLocator>pkg:npm/{name}@{version}</spdx:referenceLocator>
      </spdx:ExternalRef></spdx:externalRef>{inner}
    </spdx:Package>"""


SPDX_RDF = f"""<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="http://spdx.org/rdf/terms#">
  <spdx:SpdxDocument rdf:about="https://acme.example/shop-1#SPDXRef-DOCUMENT">
    <spdx:specVersion>SPDX-2.3</spdx:specVersion><spdx:name>shop</spdx:name>
    <spdx:creationInfo><spdx:CreationInfo><spdx:created>2026-01-02T03:04:05Z</spdx:created>
      <spdx:creator>Tool: bommer-2.0</spdx:creator><spdx:creator>Person: Ada ()</spdx:creator></spdx:CreationInfo></spdx:creationInfo>
    <spdx:relationship><spdx:Relationship><spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_describes"/>
      <spdx:relatedSpdxElement><spdx:Package rdf:about="https://acme.example/shop-1#SPDXRef-app">
        <spdx:name>shop</spdx:name><spdx:versionInfo>1.0</spdx:versionInfo>
        <spdx:relationship><spdx:Relationship><spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_dependsOn"/>
          <spdx:relatedSpdxElement rdf:resource="https://acme.example/shop-1#SPDXRef-left-pad"/></spdx:Relationship></spdx:relationship>
      </spdx:Package></spdx:relatedSpdxElement></spdx:Relationship></spdx:relationship>
  </spdx:SpdxDocument>
  {_rdf_package("left-pad", "1.3.0")}
  {_rdf_package("lodash", "4.17.20", '<spdx:relationship><spdx:Relationship><spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_dependencyOf"/><spdx:relatedSpdxElement rdf:resource="https://acme.example/shop-1#SPDXRef-left-pad"/></spdx:Relationship></spdx:relationship>')}
</rdf:RDF>"""


def spdx_3() -> dict[str, Any]:
    """Return an SPDX 3.0 document."""

    def package(name: str, version: str) -> dict[str, Any]:
        return {
            "type": "software_Package",
            "spdxId": f"urn:{name}",
            "creationInfo": "_:c",
            "name": name,
            "software_packageVersion": version,
            "software_packageUrl": f"pkg:npm/{name}@{version}",
            "suppliedBy": "urn:acme",
            "verifiedUsing": [{"type": "Hash", "algorithm": "sha256", "hashValue": SHA}],
        }

    def edge(source: str, kind: str, *targets: str) -> dict[str, Any]:
        return {
            "type": "Relationship",
            "spdxId": f"urn:{source}-{kind}",
            "from": f"urn:{source}",
            "relationshipType": kind,
            "to": [f"urn:{target}" for target in targets],
        }

    return {
        "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
        "@graph": [
            {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-01-02T03:04:05Z", "createdBy": ["urn:ada"], "createdUsing": ["urn:bommer"]},
            {"type": "Person", "spdxId": "urn:ada", "name": "Ada"},
            {"type": "Tool", "spdxId": "urn:bommer", "name": "bommer-2.0"},
            {"type": "Organization", "spdxId": "urn:acme", "name": "Acme"},
            {"type": "SpdxDocument", "spdxId": "urn:document", "name": "shop", "rootElement": ["urn:bill"]},
            {"type": "software_Sbom", "spdxId": "urn:bill", "rootElement": ["urn:app"]},
            {"type": "software_Package", "spdxId": "urn:app", "name": "shop", "software_packageVersion": "1.0"},
            package("left-pad", "1.3.0"),
            package("lodash", "4.17.20"),
            {"type": "simplelicensing_LicenseExpression", "spdxId": "urn:mit", "simplelicensing_licenseExpression": "MIT"},
            edge("app", "dependsOn", "left-pad"),
            edge("left-pad", "dependsOn", "lodash"),
            edge("left-pad", "hasDeclaredLicense", "mit"),
            edge("lodash", "hasConcludedLicense", "mit"),
        ],
    }  # fmt: skip


def syft() -> dict[str, Any]:
    """Return a document of Syft."""

    def artifact(name: str, version: str, licence: object) -> dict[str, Any]:
        return {
            "id": name,
            "name": name,
            "version": version,
            "type": "npm",
            "locations": [{"path": "/app/package-lock.json", "layerID": "sha256:" + "1" * 64}],
            "licenses": [licence],
            "cpes": [{"cpe": f"cpe:2.3:a:{name}:{name}:{version}:*:*:*:*:*:*:*", "source": "generated"}],
            "purl": f"pkg:npm/{name}@{version}",
            "metadata": {"author": "Acme", "digest": [{"algorithm": "sha256", "value": SHA}]},
        }

    return {
        "artifacts": [artifact("left-pad", "1.3.0", "MIT"), artifact("lodash", "4.17.20", {"value": "MIT", "spdxExpression": "MIT"})],
        "artifactRelationships": [
            {"parent": "app", "child": "left-pad", "type": "contains"},
            {"parent": "lodash", "child": "left-pad", "type": "dependency-of"},
            {"parent": "left-pad", "child": "file", "type": "evident-by"},
        ],
        "files": [{"id": "file"}],
        "source": {"id": "app", "name": "shop", "version": "1.0", "type": "directory", "target": "./shop"},
        "descriptor": {"name": "bommer-2.0"},
        "schema": {"version": "16.0.0"},
    }  # fmt: skip


SWID = """<?xml version="1.0"?>
<SoftwareIdentity xmlns="http://standards.iso.org/iso/19770/-2/2015/schema.xsd" name="shop" tagId="acme.example/shop-1.0" version="1.0">
  <Entity name="Acme" role="softwareCreator"/><Entity name="Ada" role="tagCreator distributor"/>
  <Link rel="requires" href="swid:acme.example/left-pad"/><Link rel="see-also" href="https://acme.example"/>
</SoftwareIdentity>"""


def encoded(value: Any) -> bytes:
    """Return a document as a file has it."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


FORMS: dict[str, Any] = {
    "cyclonedx json": cyclonedx(),
    "cyclonedx xml": CYCLONEDX_XML,
    "spdx json": spdx(),
    "spdx tag-value": SPDX_TEXT,
    "spdx yaml": SPDX_YAML,
    "spdx rdf": SPDX_RDF,
    "spdx 3": spdx_3(),
    "syft": syft(),
}

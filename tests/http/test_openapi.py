"""The OpenAPI document: valid, bounded, with examples; what it promises is walked through."""

import jsonschema
import pytest
from fastapi.openapi.models import OpenAPI

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def document(client):
    return client.get("/api/v1/openapi.json").json()


@pytest.fixture(scope="module")
def operations(document):
    return {
        (method, path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def resolved(document, schema):
    while "$ref" in schema:
        found = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def kinds(document, schema):
    """The schema and its alternatives, without null."""
    schema = resolved(document, schema)
    parts = [kind for part in schema.get("anyOf", []) for kind in kinds(document, part)]
    return parts or ([] if schema.get("type") == "null" else [schema])


def test_the_document_is_openapi_and_its_schemas_are_json_schema(document):
    assert document["openapi"].startswith("3.1")
    OpenAPI.model_validate(document)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_names_the_whole_fixed_surface(operations):
    paths = {path for _, path in operations}
    assert {"/livez", "/readyz", "/version", "/maps/{name}"} <= paths
    assert "/tiles/{name}/{z}/{x}/{y}.mvt" in paths
    assert {
        "/api/v1/areas",
        "/api/v1/layers/{name}/features",
        "/api/v1/results/{analysis}",
    } <= paths


def test_every_operation_is_described_and_has_an_example(document, operations):
    for (_, path), operation in operations.items():
        assert operation["description"], path
        for kind, content in success(operation).get("content", {}).items():
            schema = resolved(document, content.get("schema", {}))
            schema = resolved(document, schema.get("items", schema))
            fields = schema.get("properties", {}).values()
            assert (
                "example" in content
                or "example" in schema
                or (fields and all(_has_example(document, field) for field in fields))
            ), f"{path} has no example for {kind}"
        assert "application/problem+json" in operation["responses"]["default"]["content"], path


def success(operation):
    """The answer of an operation that did what was asked."""
    return next(one for status, one in operation["responses"].items() if status.startswith("2"))


def _has_example(document, field):
    """An example of its own, a closed list, or made of fields that have one."""
    if {"examples", "default", "enum"} & field.keys():
        return True
    inner = resolved(document, field.get("items", field))
    fields = inner.get("properties", {}).values()
    return "enum" in inner or (bool(fields) and all(_has_example(document, f) for f in fields))


def test_every_number_has_bounds_and_every_text_a_form(document, operations):
    for (_, path), operation in operations.items():
        for parameter in operation.get("parameters", []):
            where = f"{path} {parameter['name']}"
            for schema in kinds(document, parameter["schema"]):
                if schema.get("type") in ("integer", "number"):
                    assert {"minimum", "exclusiveMinimum"} & schema.keys(), where
                    assert {"maximum", "exclusiveMaximum"} & schema.keys(), where
                elif schema.get("type") == "string":
                    assert {"pattern", "maxLength", "enum", "format", "const"} & schema.keys(), (
                        where
                    )


def test_the_upload_says_which_part_of_a_form_it_reads(operations, client):
    """The route reads its stream by itself, so nothing writes its body down but the code."""
    operation = operations["post", "/api/v1/imports"]
    assert operation["requestBody"]["required"]
    ((kind, content),) = operation["requestBody"]["content"].items()
    (part,) = content["schema"]["required"]
    refused = client.post("/api/v1/imports?kind=incidents", content=b"x")
    assert refused.status_code == 422
    assert f"{kind}, part {part}" in refused.json()["detail"]


def test_every_list_has_a_limit(operations):
    unlimited = {"/api/v1/layers", "/api/v1/layers/{name}/at"}  # the registry; twenty at a point
    for (_, path), operation in operations.items():
        schema = success(operation).get("content", {}).get("application/json", {}).get("schema", {})
        names = {one["name"] for one in operation.get("parameters", [])}
        listed = path.endswith(("areas", "features", "layers", "{analysis}", "/at"))
        assert not listed or {"limit", "offset"} <= names or path in unlimited, path
        assert schema.get("type") != "array" or path in unlimited, path

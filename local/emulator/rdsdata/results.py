"""Rows of PostgreSQL as fields of the Data API."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from psycopg2.extensions import new_type, register_type

_JDBC = {
    "bool": -7, "int2": 5, "int4": 4, "int8": -5, "oid": -5, "float4": 7, "float8": 8,
    "numeric": 2, "bpchar": 1, "varchar": 12, "text": 12, "name": 12, "bytea": -2, "date": 91,
    "time": 92, "timestamp": 93, "timestamptz": 93, "uuid": 1111, "json": 1111, "jsonb": 1111,
}  # fmt: skip
_OTHER = 1111
_ARRAY = 2003
# Types that the Data API sends as text: numeric, date and time, interval, json, jsonb, uuid.
_AS_TEXT = (1700, 1082, 1083, 1114, 1184, 1266, 1186, 114, 3802, 2950)
_TEXT = new_type(_AS_TEXT, "DATA_API_TEXT", lambda value, cursor: value)
_UTC = "+00"


def want_text(connection: Any) -> None:
    """Let values come as the Data API sends them; needed before the statement runs."""
    register_type(_TEXT, connection)


def answer(cursor: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer of ExecuteStatement for the statement that `cursor` has run."""
    is_query = cursor.description is not None
    changed = 0 if cursor.statusmessage.startswith("SELECT") else max(cursor.rowcount, 0)
    result: dict[str, Any] = {"numberOfRecordsUpdated": changed, "generatedFields": []}
    if not is_query:
        return result
    rows = cursor.fetchall()
    description = cursor.description
    if data.get("formatRecordsAs") == "JSON":
        names = [column.name for column in description]
        records = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
        result["formattedRecords"] = json.dumps(records)
    else:
        result["records"] = [[_field(value) for value in row] for row in rows]
    if data.get("includeResultMetadata"):
        result["columnMetadata"] = _metadata(cursor, description)
    return result


_KINDS: dict[type, str] = {bool: "booleanValue", int: "longValue", float: "doubleValue"}


def _field(value: Any) -> dict[str, Any]:
    if value is None:
        return {"isNull": True}
    if type(value) in _KINDS:
        return {_KINDS[type(value)]: value}
    if isinstance(value, memoryview):
        return {"blobValue": base64.b64encode(bytes(value)).decode()}
    if isinstance(value, list):
        return {"arrayValue": _array(value)}
    return {"stringValue": _without_zone(str(value))}


def _array(values: list[Any]) -> dict[str, Any]:
    if any(isinstance(value, list) for value in values):
        return {"arrayValues": [_array(value) for value in values]}
    fields = [_field(value) for value in values]
    kind = next((key for field in fields for key in field if key != "isNull"), "stringValue")
    return {f"{kind}s": [field.get(kind) for field in fields]}


def _plain(value: Any) -> Any:
    if isinstance(value, memoryview):
        return base64.b64encode(bytes(value)).decode()
    return _without_zone(value) if isinstance(value, str) else value


def _without_zone(text: str) -> str:
    # A timestamptz comes in UTC and without its zone.
    if text.endswith(_UTC) and text[:4].isdigit() and text[4:5] == "-":
        return text.removesuffix(_UTC)
    return text


def _metadata(cursor: Any, description: Any) -> list[dict[str, Any]]:
    types = _names(cursor, "pg_type", "typname", {column.type_code for column in description})
    tables = _names(
        cursor, "pg_class", "relname", {column.table_oid or 0 for column in description}
    )
    return [
        {
            "name": column.name,
            "label": column.name,
            "type": _jdbc(types.get(column.type_code, "")),
            "typeName": types.get(column.type_code, ""),
            "nullable": 1,
            "precision": column.precision or 0,
            "scale": column.scale or 0,
            "arrayBaseColumnType": 0,
            "isAutoIncrement": False,
            "isCaseSensitive": True,
            "isCurrency": False,
            "isSigned": types.get(column.type_code, "") in ("int2", "int4", "int8", "numeric"),
            "schemaName": "",
            "tableName": tables.get(column.table_oid or 0, ""),
        }
        for column in description
    ]


def _jdbc(name: str) -> int:
    return _ARRAY if name.startswith("_") else _JDBC.get(name, _OTHER)


def _names(cursor: Any, catalog: str, column: str, oids: set[int]) -> dict[int, str]:
    cursor.execute(
        # Cast, so that no operator of a user's fits better.
        f"SELECT oid, {column} FROM {catalog}"  # noqa: S608 - fixed words
        " WHERE oid = ANY(CAST(%s AS oid[]))",
        (list(oids),),
    )
    return dict(cursor.fetchall())

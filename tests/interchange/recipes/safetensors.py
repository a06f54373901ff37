"""Reads and writes safetensors files with Python's standard library, from the published text of the format.

    python3 safetensors.py describe FILE    prints one JSON object: every tensor and the metadata
    python3 safetensors.py check FILE       exits 1 with one sentence where the file breaks the format

describe lists the tensors in the order of their data, as {"name", "dtype", "shape", "values"}. Values are in row-major
order; each float is the shortest decimal that reads back as the same double, so also as the same float of its type.
Python's JSON writes NaN, Infinity and -Infinity as they stand here. The values of the types of 4, 6 and 8 bit floats
and of complex numbers are null. check knows every type of safetensors 0.8.

It refuses more than the reference reader does: a name that stands twice, an entry that is not an object, an unknown key
in one, a dtype that is not a string, a space before the header, metadata of null.
"""
import json
import struct
import sys

LONGEST_HEADER = 100_000_000

# In the order of the reference writer, which puts the last first.
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}
CODES = {
    "BOOL": "?", "U8": "B", "I8": "b", "I16": "h", "U16": "H", "F16": "e", "I32": "i", "U32": "I", "F32": "f",
    "F64": "d", "I64": "q", "U64": "Q",
}


class Broken(Exception):
    """The file is not a safetensors file, and why."""


def require(condition, sentence):
    if not condition:
        raise Broken(sentence)


def unique(pairs):
    names = dict(pairs)
    require(len(names) == len(pairs), "a name stands twice in one object of the header")
    return names


def refuse_constant(text):
    raise Broken(f"the header holds {text}, which is not JSON")


def whole_number(text):
    require(text != "-0", "the header holds -0, which is no size")
    return int(text)


def is_size(value):
    return type(value) is int and 0 <= value < 2**64


def header_bytes(data):
    require(len(data) >= 8, f"the file has {len(data)} bytes, less than the 8 of the header's length")
    length, = struct.unpack_from("<Q", data)
    require(length <= LONGEST_HEADER, f"the header has {length} bytes, more than {LONGEST_HEADER}")
    require(length <= len(data) - 8, f"the header has {length} bytes, the rest of the file {len(data) - 8}")
    return data[8:8 + length]


def parsed_header(text):
    require(text[:1] == b"{", "the header does not begin with {")
    try:
        header = json.loads(
            text.decode(), object_pairs_hook=unique, parse_int=whole_number, parse_constant=refuse_constant)
        json.dumps(header, ensure_ascii=False).encode()  # half a surrogate pair passes until here
    except (ValueError, RecursionError) as error:
        raise Broken(f"the header is not JSON in UTF-8: {error}") from None
    return header


def check_metadata(metadata):
    require(isinstance(metadata, dict) and all(isinstance(value, str) for value in metadata.values()),
            "__metadata__ is not an object of strings")


def check_entry(name, entry):
    require(isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"},
            f"tensor {name!r} is not an object of dtype, shape and data_offsets")
    require(isinstance(entry["dtype"], str) and entry["dtype"] in BITS,
            f"tensor {name!r} has the unknown dtype {entry['dtype']!r}")
    for key in ("shape", "data_offsets"):
        require(isinstance(entry[key], list) and all(map(is_size, entry[key])),
                f"{key} of tensor {name!r} is not a list of sizes")
    require(len(entry["data_offsets"]) == 2 and entry["data_offsets"] == sorted(entry["data_offsets"]),
            f"data_offsets of tensor {name!r} is not a begin and an end")


def check_size(name, entry):
    begin, end = entry["data_offsets"]
    count = 1
    for length in entry["shape"]:  # the reference reader stops at the first product that overflows, even before a 0
        count *= length
        require(count < 2**64, f"tensor {name!r} has more than 2^64 values")
    bits = count * BITS[entry["dtype"]]
    require(bits < 2**64, f"tensor {name!r} has more than 2^64 bits")
    require(bits % 8 == 0, f"tensor {name!r} ends within a byte")
    require(end - begin == bits // 8,
            f"tensor {name!r} has {end - begin} bytes, {entry['dtype']} of shape {entry['shape']} needs {bits // 8}")


def check_places(entries, length):
    end = 0
    for name, entry in entries:
        begin = entry["data_offsets"][0]
        require(begin >= end, f"tensor {name!r} overlaps another")
        require(begin == end, f"{begin - end} bytes before tensor {name!r} belong to none")
        check_size(name, entry)
        end = entry["data_offsets"][1]
    require(end <= length, f"the tensors have {end} bytes, the file {length}")
    require(end == length, f"{length - end} bytes behind the last tensor belong to none")


def read(data):
    """The metadata, or None, and a list of (name, dtype, shape, bytes) in the order of the data."""
    text = header_bytes(data)
    header = parsed_header(text)
    metadata = None
    if "__metadata__" in header:
        metadata = header.pop("__metadata__")
        check_metadata(metadata)
    for name, entry in header.items():
        check_entry(name, entry)
    entries = sorted(header.items(), key=lambda item: item[1]["data_offsets"])
    buffer = data[8 + len(text):]
    check_places(entries, len(buffer))
    return metadata, [
        (name, entry["dtype"], entry["shape"], buffer[slice(*entry["data_offsets"])]) for name, entry in entries]


def values(dtype, data):
    """The numbers in data; None for the types that Python has no name for."""
    if dtype == "BF16":
        data, dtype = b"".join(b"\0\0" + data[i:i + 2] for i in range(0, len(data), 2)), "F32"
    if dtype not in CODES:
        return None
    return [value for value, in struct.iter_unpack("<" + CODES[dtype], data)]


def write(tensors, metadata=None):
    """The bytes of a file of tensors, each (name, dtype, shape, bytes), in the reference writer's order."""
    order = list(BITS)
    tensors = sorted(tensors, key=lambda tensor: (-order.index(tensor[1]), tensor[0].encode()))
    header = {} if metadata is None else {"__metadata__": metadata}
    begin = 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, begin + len(data)]}
        begin += len(data)
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, _, _, data in tensors)


def description(data):
    metadata, tensors = read(data)
    return {
        "metadata": metadata,
        "tensors": [{"name": name, "dtype": dtype, "shape": shape, "values": values(dtype, piece)}
                    for name, dtype, shape, piece in tensors],
    }


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("describe", "check"):
        sys.exit("usage: safetensors.py describe|check FILE")
    try:
        with open(sys.argv[2], "rb") as file:
            found = description(file.read())
    except (Broken, OSError) as error:
        sys.exit(f"{sys.argv[2]}: {error}")
    if sys.argv[1] == "describe":
        print(json.dumps(found))


if __name__ == "__main__":
    main()

"""The compiled loop over percent-escapes of URLs."""

from __future__ import annotations

import numpy as np

from data_platform.kernels.compiled import kernel, part


@part()
def _hex_value(byte):
    """The value of a hexadecimal digit, or -1."""
    if 48 <= byte <= 57:
        return np.int64(byte) - 48
    lower = byte | 32
    return np.int64(lower) - 87 if 97 <= lower <= 102 else np.int64(-1)


@kernel(allocates=True)
def normalize_escapes(offsets, data):
    """Percent-escapes as RFC 3986, section 6.2.2, wants them: digits in upper case, unreserved characters unescaped.

    Returns:
        int64 offsets from 0, and the bytes.
    """
    strings = offsets.size - 1
    starts = np.zeros(strings + 1, np.int64)
    result = np.empty(offsets[strings] - offsets[0], np.uint8)
    count = 0
    for string in range(strings):
        position, end = offsets[string], offsets[string + 1]
        while position < end:
            byte = data[position]
            if byte == 37 and position + 2 < end:
                high, low = _hex_value(data[position + 1]), _hex_value(data[position + 2])
                if high >= 0 and low >= 0:
                    value = 16 * high + low
                    unreserved = (48 <= value <= 57 or 65 <= value <= 90 or 97 <= value <= 122 or value == 45
                                  or value == 46 or value == 95 or value == 126)
                    if unreserved:
                        result[count] = value
                        count += 1
                    else:
                        result[count] = 37
                        result[count + 1] = high + 48 if high < 10 else high + 55
                        result[count + 2] = low + 48 if low < 10 else low + 55
                        count += 3
                    position += 3
                    continue
            result[count] = byte
            count += 1
            position += 1
        starts[string + 1] = count
    return starts, result[:count]

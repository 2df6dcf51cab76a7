"""Checksums of files that are written in pieces."""

# The polynomial of CRC-32, with its lowest power in the highest bit, as zlib has it.
_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31


def crc32_combine(first: int, second: int, length: int) -> int:
    """Return the CRC-32 of two byte strings, one after the other, from that of each.

    This is zlib's `crc32_combine`, which Python does not have: the first checksum is multiplied by
    x to the power of the bits of the second string, modulo the polynomial.

    Args:
        first, second: the checksums.
        length: the number of bytes of the second string.
    """
    power, square = _ONE, _ONE >> 1
    bits = 8 * length
    while bits:
        if bits & 1:
            power = _product(square, power)
        square = _product(square, square)
        bits >>= 1
    return _product(power, first) ^ second


def _product(left: int, right: int) -> int:
    """Return the product of two polynomials modulo that of CRC-32."""
    product = 0
    while left:
        if left & _ONE:
            product ^= right
        left = left << 1 & 0xFFFFFFFF
        right = right >> 1 ^ (_POLYNOMIAL if right & 1 else 0)
    return product

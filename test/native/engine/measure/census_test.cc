#include "native/engine/measure/census.h"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "native/net/tcp_info.h"
#include "test/native/helpers/census_sheet.h"

namespace c1m::test {
namespace {

CensusRow RowWithPort(uint16_t port) {
  CensusRow row;
  row.source_port = port;
  row.bytes_received = port * 2.0;
  return row;
}

}  // namespace

TEST_CASE("census: each column starts at an aligned offset") {
  size_t before = 0;
  std::set<std::string> names;
  for (const CensusSheet::Column& column : kCensusColumns) {
    const size_t alignment = column.bytes == 16 ? 1 : column.bytes;
    CHECK(before % alignment == 0);
    CHECK(column.info_bytes <= sizeof(TcpInfo));
    before += column.bytes;
    names.insert(column.name);
  }
  CHECK(before == CensusSheet::kRowBytes);
  CHECK(names.size() == std::size(kCensusColumns));
}

TEST_CASE("census: a sheet keeps the rows that fit and counts the others") {
  Sheet sheet(3);
  const std::vector<CensusRow> rows = {RowWithPort(1), RowWithPort(2)};
  CHECK(sheet.sheet.info_bytes() == 0);
  sheet.sheet.Append(rows, 232);
  sheet.sheet.Append(rows, 232);
  sheet.sheet.Append({}, 0);
  CHECK(sheet.sheet.rows() == 3);
  CHECK(sheet.sheet.missed() == 1);
  CHECK(sheet.sheet.info_bytes() == 232);
  CHECK(sheet.At<uint16_t>("sourcePort", 1) == 2);
  CHECK(sheet.At<uint16_t>("sourcePort", 2) == 1);
  CHECK(sheet.At<double>("bytesReceived", 1) == 4.0);
}

}  // namespace c1m::test

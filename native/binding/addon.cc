// The module's entry: what the addon exports to lib/native.ts.
#include <napi.h>

namespace {

Napi::Object Init(Napi::Env, Napi::Object exports) { return exports; }

}  // namespace

NODE_API_MODULE(c1m_native, Init)

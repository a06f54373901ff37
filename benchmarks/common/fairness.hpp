#pragma once

namespace benchmarks {

/// To be called before anything else: lets libraries that choose their instructions at run time
/// choose the best, and gives those that allocate every result memory that was used before.
void be_fair();

}  // namespace benchmarks

// A refusal as small machines have it, whose object file must name no heap and no stream.

#include <batchnorm/detail/refusal/refusal.hpp>

void refuse_channels(long got, double epsilon) {
  batchnorm::detail::refuse("expected 3 channels, got ", got, ", with epsilon ", epsilon, ".");
}

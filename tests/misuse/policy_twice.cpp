#include "misuse.hpp"

// error: batchnorm: two policies of one kind: give each
BatchNorm<float, Train, ChannelsLast, ChannelsFirst> norm(3);  // here

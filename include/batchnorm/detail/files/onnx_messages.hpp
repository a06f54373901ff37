#pragma once

#include <onnx/onnx_pb.h>

// The messages of ONNX, in whatever namespace they were compiled.
namespace batchnorm::detail {

namespace onnx_messages = ONNX_NAMESPACE;

}  // namespace batchnorm::detail

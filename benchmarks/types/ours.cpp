#include <batchnorm/batchnorm.hpp>
#include <unsupported/Eigen/CXX11/Tensor>

#include "library.hpp"
#include "typed.hpp"

namespace benchmarks {
namespace {

using namespace batchnorm;

template <typename Scalar, typename Axis>
class Ours : public TypedContender {
 public:
  explicit Ours(const Images& images)
      : x_(tensor(images, images.x)),
        dy_(tensor(images, images.dy)),
        y_(x_.dimensions()),
        dx_(x_.dimensions()),
        layer_(images.shape.channels),
        deployed_(layer_) {
    y_.setConstant(Scalar(0));
    dx_.setConstant(Scalar(0));
  }

  void forward() override { layer_.forward(x_, y_); }
  void backward() override { layer_.backward(x_, dy_, dx_); }
  void inference() override { deployed_.forward(x_, y_); }

  Eigen::ArrayXf y() override {
    return Eigen::Map<const Eigen::Array<Scalar, Eigen::Dynamic, 1>>(y_.data(), y_.size())
        .template cast<float>();
  }

 private:
  using Tensor = Eigen::Tensor<Scalar, 3, Eigen::RowMajor>;

  static Tensor tensor(const Images& images, const Eigen::ArrayXf& values) {
    const Shape& shape = images.shape;
    Tensor result = std::is_same_v<Axis, ChannelsFirst>
                        ? Tensor(shape.samples, shape.channels, shape.spatial)
                        : Tensor(shape.samples, shape.spatial, shape.channels);
    for (Index k = 0; k < values.size(); ++k) result.data()[k] = static_cast<Scalar>(values[k]);
    return result;
  }

  Tensor x_, dy_, y_, dx_;
  BatchNorm<Scalar, Train, Axis> layer_;
  BatchNorm<Scalar, Eval, Axis> deployed_;
};

template <typename Scalar>
std::unique_ptr<TypedContender> make(const Images& images) {
  if (images.layout == Layout::planes) return std::make_unique<Ours<Scalar, ChannelsFirst>>(images);
  return std::make_unique<Ours<Scalar, ChannelsLast>>(images);
}

}  // namespace

std::vector<TypedEntry> ours() {
  const std::string library = "batchnorm on " + benchmarks::target();
  return {{"float", library, &make<float>},
          {"bfloat16", library, &make<Eigen::bfloat16>},
          {"half", library, &make<Eigen::half>}};
}

}  // namespace benchmarks

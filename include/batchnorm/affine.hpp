#pragma once

namespace batchnorm {

/// Marks arguments as gamma and beta of a call; see `affine`.
template <typename G, typename B>
struct GivenAffine {
  const G& gamma;  ///< of the parameters' scalar; must live until the call returns
  const B& beta;   ///< likewise
};

/// Marks gamma and beta that come from outside of the layer, behind x: y = activation(gamma * x_hat
/// + beta [+ residual]), for a layer with `NoAffine`. Each is a vector with one value per channel,
/// or a matrix (N, C) with one per sample and channel, as conditional batch normalization (Dumoulin
/// et al. 2017, arXiv 1610.07629) and FiLM (Perez et al. 2018, arXiv 1709.07871) take them from
/// another network. Their scalar is that of a layer's own: float where values have 16 bits.
/// `backward` with the same mark returns their gradients beside dx.
template <typename G, typename B>
GivenAffine<G, B> affine(const G& gamma, const B& beta) {
  return {gamma, beta};
}

/// What `backward` returns for a call with `affine(gamma, beta)`.
template <typename Dx, typename Dgamma, typename Dbeta>
struct AffineGradients {
  Dx dx;          ///< gradient of the loss with respect to x
  Dgamma dgamma;  ///< with respect to gamma, of its shape
  Dbeta dbeta;    ///< with respect to beta, of its shape
};

/// The same with a residual.
template <typename Dx, typename Dgamma, typename Dbeta>
struct AffineResidualGradients {
  Dx dx;          ///< gradient of the loss with respect to x
  Dx dresidual;   ///< with respect to the residual
  Dgamma dgamma;  ///< with respect to gamma, of its shape
  Dbeta dbeta;    ///< with respect to beta, of its shape
};

}  // namespace batchnorm

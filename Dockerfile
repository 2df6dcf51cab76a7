# charnn on a CPU.
#
#     docker build --tag charnn .
#     docker run --rm charnn sample folk --rhythm jig
#     docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/work" charnn train corpus.txt

FROM python:3.13-slim AS build
RUN python -m venv /opt/charnn
COPY . /source
# The index of torch's CPU builds; the default build for Linux brings several GB of CUDA libraries.
RUN /opt/charnn/bin/pip install --no-cache-dir --constraint /source/constraints.txt \
    --extra-index-url https://download.pytorch.org/whl/cpu '/source[score]'

FROM python:3.13-slim
COPY --from=build /opt/charnn /opt/charnn
# A home for compiled code and downloads, also for another user that `docker run --user` names.
RUN useradd --uid 1000 charnn && mkdir --mode 1777 /cache /work
ENV PATH="/opt/charnn/bin:$PATH" XDG_CACHE_HOME=/cache HOME=/tmp
USER 1000
WORKDIR /work
ENTRYPOINT ["charnn"]
CMD ["--help"]

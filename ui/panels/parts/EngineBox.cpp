// SPDX-License-Identifier: GPL-3.0-or-later
#include "panels/parts/EngineBox.h"

#include "models/SessionModel.h"
#include "panels/parts/WheelGuard.h"

#include <algorithm>

namespace secateur::ui {

EngineBox::EngineBox(const SessionModel &session, QWidget *parent) : ChoiceBox(parent), m_session(session)
{
    for (const ExportEngine &engine : exportEngines())
        addItem(QString::fromStdString(engine.name));
    setAccessibleName(tr("The program that will run the model"));
    setSizePolicy(QSizePolicy::Maximum, QSizePolicy::Fixed);
    new WheelGuard(*this);
    connect(this, &QComboBox::activated, this, [this](int index) {
        m_chosen = index;
        emit chosen(itemText(index));
    });
    connect(&session, &SessionModel::modelChanged, this, &EngineBox::follow);
    follow();
}

const ExportEngine &EngineBox::engine() const
{
    return exportEngines()[std::size_t(std::max(0, currentIndex()))];
}

void EngineBox::setChosen(const QString &name)
{
    m_chosen = findText(name);
    follow();
}

void EngineBox::follow()
{
    if (m_chosen >= 0)
        return setCurrentIndex(m_chosen);
    const bool isGguf = m_session.hasModel() && m_session.session().model->folder.extension() == ".gguf";
    const auto &engines = exportEngines();
    const auto suits = std::find_if(engines.begin(), engines.end(),
                                    [&](const ExportEngine &engine) { return engine.targets.front().starts_with("gguf") == isGguf; });
    setCurrentIndex(int(std::distance(engines.begin(), suits)));
}

} // namespace secateur::ui
